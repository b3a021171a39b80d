export type Entry = { readonly [key: string]: unknown };
export type Documents = { readonly [name: string]: Entry };
export type Random = () => number;

export const lines = ['A', 'B', 'C', 'D', 'E', 'F'];
export const serials = ['/dev/ttyS0', '/dev/ttyS1'];
export const buses = ['/dev/ttyB0', '/dev/ttyB1'];
export const boards = ['/dev/ttyM0', '/dev/ttyM1'];

export const pick = <Value>(random: Random, choices: readonly Value[]): Value =>
  choices[Math.floor(random() * choices.length)]!;
export const maybe = (random: Random, share: number, more: Entry): Entry => (random() < share ? more : {});

const end = (random: Random) => pick(random, ['off', 'off', 'on', 'hold']);

export function freeOf(taken: readonly unknown[], all: readonly string[], random: Random): string | undefined {
  const free = all.filter((one) => !taken.includes(one));
  return free.length === 0 ? undefined : pick(random, free);
}

export const takenBy = (documents: Documents, key: string) => Object.values(documents).map((document) => document[key]);

function safeOf(random: Random): Entry {
  if (random() < 0.3) return {};
  return {
    safe: {
      ...maybe(random, 0.7, { boot: end(random) }),
      ...maybe(random, 0.7, { exit: pick(random, ['off', 'off', 'on', 'hold', 'release']) }),
      ...maybe(random, 0.2, {
        offline: { after: '1s', to: pick(random, ['off', 'on', 'hold']), restore: pick(random, ['on', 'off']) },
      }),
    },
  };
}

export function interlockOf(random: Random): Entry {
  return {
    interlock: pick(random, ['g', 'g', 'h']),
    ...maybe(random, 0.5, { 'interlock-policy': pick(random, ['refuse', 'switch']) }),
    ...maybe(random, 0.5, { 'dead-time': pick(random, ['0ms', '50ms', '400ms']) }),
  };
}

function labelsOf(random: Random): Entry {
  return {
    ...maybe(random, 0.15, { priority: 'emergency' }),
    ...maybe(random, 0.15, { number: 1 + Math.floor(random() * 9) }),
    ...maybe(random, 0.15, { outbox: pick(random, ['latest', 'drop']) }),
  };
}

function outputOf(line: string, random: Random): Entry {
  return {
    driver: 'gpio-out',
    line,
    ...maybe(random, 0.4, { active: 'low' }),
    ...safeOf(random),
    ...maybe(random, 0.25, { 'max-on': pick(random, ['500ms', '5s']) }),
    ...maybe(random, 0.25, { 'min-dwell': pick(random, ['20ms', '300ms']) }),
    ...maybe(random, 0.45, interlockOf(random)),
    ...labelsOf(random),
  };
}

/** A document that fits beside those; undefined: there is no room. */
export function documentOf(
  documents: Documents,
  random: Random,
  kind: string = pick(random, kinds),
): Entry | undefined {
  const line = freeOf(takenBy(documents, 'line'), lines, random);
  const port = (ports: readonly string[]) => freeOf(takenBy(documents, 'port'), ports, random);
  switch (kind) {
    case 'gpio-out':
      return line === undefined ? undefined : outputOf(line, random);
    case 'gpio-in':
      if (line === undefined) return undefined;
      return {
        driver: kind,
        line,
        ...maybe(random, 0.5, { bias: 'pull-up' }),
        ...maybe(random, 0.5, { debounce: '20ms' }),
        ...labelsOf(random),
      };
    case 'gpio-counter':
      if (line === undefined) return undefined;
      return {
        driver: kind,
        line,
        edge: pick(random, ['rising', 'falling', 'both']),
        publish: { min: pick(random, ['100ms', '1s']) },
      };
    case 'pwm-out': {
      const channel = [0, 1, 2].find((number) => !takenBy(documents, 'channel').includes(number));
      if (channel === undefined) return undefined;
      const safe = { boot: pick(random, [0, 0.4, 'hold']), exit: pick(random, [0, 0.2, 'hold']) };
      return {
        driver: kind,
        chip: 'pwmchip0',
        channel,
        frequency: pick(random, [100, 25_000]),
        ...maybe(random, 0.7, { safe }),
      };
    }
    case 'serial-line':
    case 'serial-raw': {
      const free = port(serials);
      const append = kind === 'serial-line' ? maybe(random, 0.5, { append: '\n' }) : {};
      return free === undefined
        ? undefined
        : {
            driver: kind,
            port: free,
            baud: pick(random, [9_600, 115_200]),
            ...append,
            ...maybe(random, 0.3, { max: '128B' }),
          };
    }
    case 'modbus-rtu': {
      const free = port(buses);
      return free === undefined ? undefined : { driver: kind, port: free };
    }
    case 'modbus-register': {
      const bus = Object.keys(documents).find((name) => documents[name]?.['driver'] === 'modbus-rtu');
      return bus === undefined
        ? undefined
        : {
            driver: kind,
            bus,
            unit: 1,
            register: pick(random, [0, 1, 2]),
            poll: pick(random, ['200ms', '1s']),
            ...maybe(random, 0.5, { write: true }),
          };
    }
    default: {
      const free = port(boards);
      return free === undefined
        ? undefined
        : { driver: 'mcu', port: free, ...maybe(random, 0.3, { safe: { exit: 'hold' } }), ...labelsOf(random) };
    }
  }
}

const kinds = [
  'gpio-out',
  'gpio-out',
  'gpio-out',
  'gpio-out',
  'gpio-in',
  'gpio-counter',
  'pwm-out',
  'serial-line',
  'serial-raw',
  'modbus-rtu',
  'modbus-register',
  'mcu',
];
