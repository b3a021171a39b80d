/** What Home Assistant's documentation of each MQTT platform says about the fields of an entity. */
interface PlatformRule {
  readonly required: readonly string[];
  readonly allowed: readonly string[];
  readonly deviceClasses: readonly string[];
}

const common = [
  ...[
    'platform',
    'unique_id',
    'name',
    'availability',
    'availability_mode',
    'availability_topic',
    'availability_template',
  ],
  ...[
    'payload_available',
    'payload_not_available',
    'default_entity_id',
    'enabled_by_default',
    'encoding',
    'entity_category',
  ],
  ...['entity_picture', 'icon', 'json_attributes_topic', 'json_attributes_template', 'qos'],
];

const measured = [
  ...['temperature', 'voltage', 'current', 'power', 'energy', 'frequency', 'pressure', 'volume_flow_rate', 'humidity'],
  ...['duration', 'distance', 'speed', 'weight', 'volume', 'water', 'gas', 'illuminance'],
];

export const platformRules: { readonly [platform: string]: PlatformRule } = {
  switch: {
    required: ['command_topic'],
    allowed: [
      'state_topic',
      'value_template',
      'command_template',
      'payload_on',
      'payload_off',
      'state_on',
      'state_off',
      'optimistic',
      'retain',
      'device_class',
    ],
    deviceClasses: ['outlet', 'switch'],
  },
  binary_sensor: {
    required: ['state_topic'],
    allowed: [
      'value_template',
      'payload_on',
      'payload_off',
      'device_class',
      'expire_after',
      'force_update',
      'off_delay',
    ],
    deviceClasses: [
      'connectivity',
      'door',
      'window',
      'motion',
      'moving',
      'opening',
      'power',
      'problem',
      'running',
      'safety',
    ],
  },
  sensor: {
    required: ['state_topic'],
    allowed: [
      'value_template',
      'unit_of_measurement',
      'state_class',
      'device_class',
      'options',
      'expire_after',
      'force_update',
      'suggested_display_precision',
      'last_reset_value_template',
    ],
    deviceClasses: [...measured, 'enum'],
  },
  number: {
    required: ['command_topic'],
    allowed: [
      'state_topic',
      'value_template',
      'command_template',
      'min',
      'max',
      'step',
      'mode',
      'unit_of_measurement',
      'device_class',
      'optimistic',
      'payload_reset',
      'retain',
    ],
    deviceClasses: measured,
  },
  button: {
    required: ['command_topic'],
    allowed: ['payload_press', 'command_template', 'retain', 'device_class'],
    deviceClasses: ['identify', 'restart', 'update'],
  },
  update: {
    required: [],
    allowed: [
      'state_topic',
      'value_template',
      'latest_version_topic',
      'latest_version_template',
      'command_topic',
      'payload_install',
      'retain',
      'device_class',
      'title',
      'release_summary',
      'release_url',
      'display_precision',
    ],
    deviceClasses: ['firmware'],
  },
};

type Fields = { readonly [name: string]: unknown };

/** Everything in an entity that Home Assistant would refuse; empty when it takes it. */
export function fieldFaults(key: string, entity: Fields): readonly string[] {
  const rule = platformRules[textOf(entity['platform'])];
  if (rule === undefined) return [`${key}: no platform ${textOf(entity['platform'])}`];
  const names = Object.keys(entity);
  const known = new Set([...common, ...rule.required, ...rule.allowed]);
  const deviceClass = entity['device_class'];
  return [
    ...names
      .filter((name) => !known.has(name))
      .map((name) => `${key}: ${name} is no field of ${textOf(entity['platform'])}`),
    ...['unique_id', ...rule.required]
      .filter((name) => !names.includes(name))
      .map((name) => `${key}: ${name} is missing`),
    ...(deviceClass === undefined || rule.deviceClasses.includes(textOf(deviceClass)) ? [] : [`${key}: device_class`]),
    ...['state_topic', 'command_topic']
      .filter((name) => name in entity && !isTopic(entity[name]))
      .map((name) => `${key}: ${name}`),
    ...('qos' in entity && ![0, 1, 2].includes(Number(entity['qos'])) ? [`${key}: qos`] : []),
    ...('entity_category' in entity && !isCategory(entity) ? [`${key}: entity_category`] : []),
    ...numberFaults(key, entity),
    ...sensorFaults(key, entity),
    ...availabilityFaults(key, entity),
  ];
}

function isTopic(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !/[#+\0]/.test(value);
}

/** `config` is for what can be set. */
function isCategory({ platform, entity_category: category }: Fields): boolean {
  const isRead = ['sensor', 'binary_sensor', 'update'].includes(textOf(platform));
  return category === 'diagnostic' || (category === 'config' && !isRead);
}

function numberFaults(key: string, { platform, min, max, step, mode }: Fields): readonly string[] {
  if (platform !== 'number') return [];
  const isRange = Number(min ?? 1) < Number(max ?? 100) && Number(step ?? 1) >= 0.001;
  return [
    ...(isRange ? [] : [`${key}: min, max, step`]),
    ...(['auto', 'box', 'slider'].includes(textOf(mode ?? 'auto')) ? [] : [`${key}: mode`]),
  ];
}

function sensorFaults(key: string, entity: Fields): readonly string[] {
  const { platform, options, device_class: deviceClass, state_class: stateClass, unit_of_measurement: unit } = entity;
  if (platform !== 'sensor') return [];
  const isClass =
    stateClass === undefined ||
    ['measurement', 'measurement_angle', 'total', 'total_increasing'].includes(textOf(stateClass));
  const isEnum = options === undefined || (deviceClass === 'enum' && stateClass === undefined && unit === undefined);
  const isTotal = deviceClass !== 'energy' || textOf(stateClass).startsWith('total');
  return [
    ...(isClass ? [] : [`${key}: state_class`]),
    ...(isEnum ? [] : [`${key}: options`]),
    ...(isTotal ? [] : [`${key}: energy`]),
  ];
}

function availabilityFaults(key: string, { availability }: Fields): readonly string[] {
  if (availability === undefined) return [];
  if (!Array.isArray(availability)) return [`${key}: availability is no list`];
  return availability.filter((row: Fields) => !isTopic(row['topic'])).map(() => `${key}: availability without topic`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
