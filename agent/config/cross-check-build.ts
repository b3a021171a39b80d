import type { Feature, LeftOut } from '../left-out.ts';
import type { Problem } from './fault.ts';
import { isPlainMap } from './plain-map.ts';

/** What each of them is called where its absence is told. */
const names: { readonly [feature in Feature | 'gpio']: string } = {
  gpio: 'GPIO lines (but for simulated ones)',
  gpiochip: 'the gpiochip backend',
  sysfs: 'the sysfs backend',
  serial: 'serial ports (but for simulated ones)',
  modbus: 'Modbus',
  mcu: 'microcontrollers',
  http: 'HTTP',
  'home-assistant': 'Home Assistant',
  tls: 'TLS',
};

/** What the config asks for and this build does not have. Every place, so that all of it is known at once. */
export function buildProblems(config: unknown, { profile, features }: LeftOut): readonly Problem[] {
  if (features.length === 0 || !isPlainMap(config)) return [];
  const lacks = (feature: Feature) => features.includes(feature);
  const problem = (path: readonly string[], feature: keyof typeof names): Problem => ({
    path,
    at: 'value',
    message: `this build (profile ${profile}) comes without ${names[feature]}`,
    fix: 'install the full build of the agent, or remove it here',
  });
  const { documents, mqtt, gpio } = config;
  const backend = isPlainMap(gpio) ? gpio['backend'] : undefined;
  const hasLines = backend === 'simulated' || !(lacks('gpiochip') && lacks('sysfs'));
  const ofDocument = ({ driver, port }: { readonly [key: string]: unknown }): keyof typeof names | undefined => {
    if (typeof driver !== 'string') return undefined;
    if (driver.startsWith('gpio-')) return hasLines ? undefined : 'gpio';
    if (driver.startsWith('modbus-') && lacks('modbus')) return 'modbus';
    if (driver === 'mcu' && lacks('mcu')) return 'mcu';
    const isSimulated = typeof port === 'string' && port.startsWith('simulated:');
    return port !== undefined && !isSimulated && lacks('serial') ? 'serial' : undefined;
  };
  const inDocuments = Object.entries(isPlainMap(documents) ? documents : {}).flatMap(([name, document]) => {
    const feature = isPlainMap(document) ? ofDocument(document) : undefined;
    return feature === undefined ? [] : [problem(['documents', name, 'driver'], feature)];
  });
  const inSections = (['http', 'home-assistant'] as const)
    .filter((section) => lacks(section) && config[section] !== undefined)
    .map((section) => problem([section], section));
  const inBackend = (['gpiochip', 'sysfs'] as const)
    .filter((name) => lacks(name) && backend === name)
    .map((name) => problem(['gpio', 'backend'], name));
  const brokers: readonly unknown[] = isPlainMap(mqtt) && Array.isArray(mqtt['brokers']) ? mqtt['brokers'] : [];
  const inBrokers = brokers.flatMap((broker, index) => {
    const url = isPlainMap(broker) ? broker['url'] : undefined;
    const isTls = typeof url === 'string' && url.startsWith('mqtts:');
    return isTls && lacks('tls') ? [problem(['mqtt', 'brokers', `${index}`, 'url'], 'tls')] : [];
  });
  return [...inDocuments, ...inSections, ...inBackend, ...inBrokers];
}
