import path from 'node:path';
import type { Plugin } from 'esbuild';
import { type Feature, features } from '../agent/left-out.ts';

/** What boards of a kind do without. A config that asks for it is refused, with the name of the profile. */
const leftOutOf = {
  full: [],
  sim: ['gpiochip', 'sysfs', 'serial'],
  pi: ['sysfs', 'modbus'],
  gateway: ['gpiochip', 'sysfs', 'mcu'],
  tiny: ['sysfs', 'modbus', 'mcu', 'http', 'home-assistant', 'tls'],
} as const satisfies { readonly [profile: string]: readonly Feature[] };

export type Profile = keyof typeof leftOutOf;
export const profiles: readonly Profile[] = ['full', 'sim', 'pi', 'gateway', 'tiny'];

/** What each is for. */
export const profileNames: { readonly [profile in Profile]: string } = {
  full: 'everything',
  sim: 'desks and CI: every line and port is a simulated one',
  pi: 'a Raspberry Pi with lines, serial devices and microcontrollers',
  gateway: 'a box on a rail between a field bus and the broker',
  tiny: 'lines and serial devices, in a network that needs no TLS',
};

export function isProfile(name: string): name is Profile {
  return Object.hasOwn(leftOutOf, name);
}

export function leftOutIn(profile: Profile): readonly Feature[] {
  return leftOutOf[profile];
}

interface FeatureFiles {
  /** Tested where the driver is loaded; see drivers/registry.ts. */
  readonly flag?: string;
  /** Modules that are empty without it: whoever imports them has been refused before. */
  readonly modules?: readonly string[];
  /** Of build/parts.ts: not built without it. */
  readonly parts?: readonly string[];
  /** In `native/<platform-arch>`. */
  readonly native?: string;
  /** Where the code of it is, for a test that it is gone: files by their beginning, and modules of Node.js. */
  readonly code: readonly string[];
}

/** What belongs to each. gpiochip.node stays: it also tells systemd that the agent is ready. */
export const featureFiles: { readonly [feature in Feature]: FeatureFiles } = {
  gpiochip: { flag: '__GPIO_CHIP__', code: ['drivers/gpio-chip.ts'] },
  sysfs: {
    flag: '__GPIO_SYSFS__',
    native: 'epoll.node',
    code: ['drivers/gpio-sysfs.ts', 'node_modules/onoff/', 'node_modules/epoll/'],
  },
  serial: {
    flag: '__SERIAL_PORT__',
    native: 'serialport.node',
    code: ['drivers/serial-port.ts', 'node_modules/@serialport/'],
  },
  modbus: { modules: ['drivers/modbus/open-bus.ts'], code: ['drivers/modbus/rtu-master.ts', 'drivers/modbus/bus.ts'] },
  mcu: {
    parts: ['agent/documents/mcu/open-mcu.ts', 'agent/cli/flash-mcu-run.ts'],
    code: ['agent/documents/mcu/open-mcu.ts', 'firmware-bridge/link/'],
  },
  http: { parts: ['agent/observe/local-http.ts'], code: ['agent/observe/http-server.ts', 'node:http'] },
  'home-assistant': { parts: ['agent/home-assistant/announcer.ts'], code: ['agent/home-assistant/announcer.ts'] },
  tls: { modules: ['tls', 'node:tls'], code: ['tls', 'node:tls'] },
};

/** For esbuild: what the sources ask, whatever is bundled. */
export function profileDefines(profile: Profile): { readonly [name: string]: string } {
  const lacking = leftOutIn(profile);
  const flags = features.flatMap((feature) => {
    const { flag } = featureFiles[feature];
    return flag === undefined ? [] : [[flag, String(!lacking.includes(feature))]];
  });
  return { ...Object.fromEntries(flags), __LEFT_OUT__: JSON.stringify({ profile, features: lacking }) };
}

/** Empties the modules that a profile leaves out. Goes before all others. */
export function leaveOut(profile: Profile): Plugin {
  const gone = new Set(leftOutIn(profile).flatMap((feature) => featureFiles[feature].modules ?? []));
  return {
    name: 'leave-out',
    setup(build) {
      if (gone.size === 0) return;
      build.onResolve({ filter: /./ }, ({ path: specifier, resolveDir }) => {
        const place = path.relative(process.cwd(), path.resolve(resolveDir, specifier));
        return gone.has(specifier) || gone.has(place) ? { path: specifier, namespace: 'left-out' } : undefined;
      });
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path: name }) => ({
        contents: `const gone = () => { throw new Error('this build (profile ${profile}) comes without ${name}'); };
          module.exports = new Proxy(class {}, { get: (target, key) => key === 'prototype' ? target.prototype : key === 'TLSSocket' ? target : gone });`,
        loader: 'js',
      }));
    },
  };
}
