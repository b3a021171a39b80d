import type { Config, DocumentConfig, ModbusRegisterConfig } from '../config/config.ts';
import { formatTopic } from '../qn/topic.ts';

/** One entity, as MQTT discovery of Home Assistant has it; keys are the long ones of its documentation. */
export type Component = { readonly platform: string; readonly [key: string]: unknown };

/** By a name that is unique within the device. */
export type Components = { readonly [key: string]: Component };

interface Topics {
  readonly state: string;
  readonly command: string;
}

/** The entities of a board: one or more for each document that Home Assistant can show. */
export function componentsOf(config: Config): Components {
  const { node, mqtt, homeAssistant } = config;
  const rows = Object.entries(config.documents).flatMap(([name, document]) => {
    const topics = {
      state: formatTopic(mqtt.root, node, 'state', name),
      command: formatTopic(mqtt.root, node, 'notify', name),
    };
    const impulse = homeAssistant?.buttons[name];
    const entities = impulse === undefined ? entitiesOf(name, document, topics) : [buttonOf(name, topics, impulse)];
    return entities.map(([key, entity]) => [key, { ...entity, ...common(config, key, name) }] as const);
  });
  return Object.fromEntries(apart(config, [...rows, ...ownEntities(config)]));
}

/**
 * `a.b` and `a_b` have one id at Home Assistant, and the rate of `a` the name of `a.rate`. The one that was shown until now
 * stays as it is: the first of one id, the last of one name. The others get capitals, which no document has.
 */
function apart(config: Config, entities: readonly Entity[]): readonly Entity[] {
  const shown = new Map<string, Entity>();
  for (const entity of entities) {
    const id = uniqueId(config, entity[0]);
    if ((shown.get(id) ?? entity)[0] === entity[0]) shown.set(id, entity);
  }
  return entities.map((entity): Entity => {
    const [key, fields] = entity;
    if (shown.get(uniqueId(config, key)) === entity) return entity;
    const other = key.replaceAll('.', 'D').replaceAll('_', 'U') + (fields['name'] === key ? '' : 'More');
    return [other, { ...fields, unique_id: uniqueId(config, other) }];
  });
}

type Entity = readonly [key: string, entity: Component];

function entitiesOf(name: string, document: DocumentConfig, topics: Topics): readonly Entity[] {
  const isAsking = document.control !== undefined; // Who commands it, and Home Assistant says no source: QN-4.9.
  switch (document.driver) {
    case 'gpio-out':
      return [[name, isAsking ? sightOf(topics) : switchOf(topics)]];
    case 'gpio-in':
      return [[name, sightOf(topics)]];
    case 'gpio-counter': {
      const rate = { name: `${name} rate`, unit_of_measurement: '1/s' };
      return [
        [name, sensorOf(topics, 'val.count', 'total_increasing')],
        [`${name}.rate`, sensorOf(topics, 'val.rate', 'measurement', rate)],
      ];
    }
    case 'pwm-out':
      return [[name, dutyOf(document.scale, topics, !isAsking)]];
    case 'modbus-register':
      return [[name, registerOf(document, topics, document.isWritable && !isAsking)]];
    case 'modbus-rtu':
    case 'serial-line':
    case 'serial-raw':
    case 'serial-length':
    case 'serial-slip':
    case 'serial-cobs':
      return [[name, portOf(topics)]];
    default:
      return []; // Nothing Home Assistant has an entity for.
  }
}

const onOff = "{{ 'ON' if value_json.val else 'OFF' }}";
const payloads = { payload_on: 'ON', payload_off: 'OFF' } as const;

function sightOf({ state }: Topics): Component {
  return { platform: 'binary_sensor', state_topic: state, value_template: onOff, ...payloads };
}

function sensorOf({ state }: Topics, place: string, stateClass: string, more: object = {}): Component {
  const value = { state_topic: state, value_template: `{{ value_json.${place} }}` };
  return { platform: 'sensor', ...value, state_class: stateClass, ...more };
}

/** ON and OFF are bare payloads (QN-3.2). */
function switchOf({ state, command }: Topics): Component {
  const states = { state_topic: state, value_template: onOff, state_on: 'ON', state_off: 'OFF' };
  return { platform: 'switch', command_topic: command, ...states, ...payloads, optimistic: false, qos: 1 };
}

function dutyOf(scale: number, topics: Topics, isCommanded: boolean): Component {
  const unit = scale === 100 ? { unit_of_measurement: '%' } : {};
  if (!isCommanded) return sensorOf(topics, 'val', 'measurement', unit);
  return {
    platform: 'number',
    ...numberTopics(topics),
    min: 0,
    max: scale,
    step: scale / 100,
    mode: 'slider',
    ...unit,
  };
}

/** Whether a serial port is open. */
function portOf({ state }: Topics): Component {
  const isOpen = { state_topic: state, value_template: "{{ 'ON' if value_json.val.open else 'OFF' }}", ...payloads };
  return { platform: 'binary_sensor', ...isOpen, device_class: 'connectivity', entity_category: 'diagnostic' };
}

function buttonOf(name: string, { command }: Topics, impulse: string): Entity {
  return [
    name,
    { platform: 'button', command_topic: command, payload_press: JSON.stringify({ 'on-for': impulse }), qos: 1 },
  ];
}

function numberTopics({ state, command }: Topics) {
  return { command_topic: command, state_topic: state, value_template: '{{ value_json.val }}', qos: 1 };
}

const rangesOfTypes = {
  u16: [0, 65_535],
  i16: [-32_768, 32_767],
  u32: [0, 4_294_967_295],
  i32: [-2_147_483_648, 2_147_483_647],
  f32: [-1e9, 1e9],
  bool: [0, 1],
} as const;

/** By the unit, where it says what is measured. */
const classesOfUnits: { readonly [unit: string]: string } = {
  '°C': 'temperature',
  '°F': 'temperature',
  V: 'voltage',
  A: 'current',
  W: 'power',
  kW: 'power',
  kWh: 'energy',
  Wh: 'energy',
  Hz: 'frequency',
  bar: 'pressure',
  Pa: 'pressure',
  kPa: 'pressure',
  hPa: 'pressure',
  'm³/h': 'volume_flow_rate',
  'L/min': 'volume_flow_rate',
};

function registerOf(document: ModbusRegisterConfig, topics: Topics, isCommanded: boolean): Component {
  const { type, scale, offset, unitOfMeasure } = document;
  if (type === 'bool') return isCommanded ? switchOf(topics) : sightOf(topics);
  const unit = unitOfMeasure === undefined ? {} : { unit_of_measurement: unitOfMeasure };
  const deviceClass = classesOfUnits[unitOfMeasure ?? ''];
  const measured = { ...unit, ...(deviceClass === undefined ? {} : { device_class: deviceClass }) };
  if (!isCommanded)
    return sensorOf(topics, 'val', deviceClass === 'energy' ? 'total_increasing' : 'measurement', measured);
  const [low, high] = rangesOfTypes[type].map((raw) => Number((raw * scale + offset).toPrecision(12)));
  const range = {
    min: Math.min(low ?? 0, high ?? 0),
    max: Math.max(low ?? 0, high ?? 0),
    step: Math.max(Math.abs(scale), 0.001),
  };
  return { platform: 'number', ...numberTopics(topics), ...range, mode: 'box', ...measured };
}

/** Of the agent itself: how it is, and which version runs. */
function ownEntities(config: Config): readonly Entity[] {
  const topic = healthTopic(config);
  const status: Component = {
    platform: 'sensor',
    name: 'Status',
    state_topic: topic,
    value_template: '{{ value_json.val.status }}',
    device_class: 'enum',
    options: ['online', 'degraded', 'safe', 'offline'],
    entity_category: 'diagnostic',
    unique_id: uniqueId(config, 'agent.status'),
  };
  const update: Component = {
    platform: 'update',
    name: 'Agent',
    state_topic: topic,
    value_template: "{{ (value_json.val.versions | default({})).agent | default('') }}",
    device_class: 'firmware',
    entity_category: 'diagnostic',
    unique_id: uniqueId(config, 'agent.version'),
  };
  return [
    ['agent.status', status],
    ['agent.version', update],
  ];
}

function common(config: Config, key: string, name: string): object {
  return {
    ...(key === name ? { name } : {}),
    unique_id: uniqueId(config, key),
    availability: [{ topic: healthTopic(config), value_template: availabilityOf(name) }],
  };
}

/** Unavailable while the board is offline, or the driver does not work. A brief report has no drivers (QN-6.0). */
function availabilityOf(name: string): string {
  const driver = `(value_json.val.drivers | default({})).get('${name}', {}).get('state', 'working')`;
  return `{{ 'offline' if value_json.val.status == 'offline' or ${driver} == 'failed' else 'online' }}`;
}

function healthTopic({ mqtt, node }: Config): string {
  return formatTopic(mqtt.root, node, 'health', 'agent');
}

function uniqueId({ node }: Config, key: string): string {
  return `qn_${node}_${key}`.replaceAll(/[^A-Za-z0-9_-]/g, '_');
}
