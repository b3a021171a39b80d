import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/*
 * MQTT.js carries code for browsers and old Node.js that an agent on Linux never runs, pino code for redaction. Their modules are
 * replaced when they are imported; whoever still reaches one of them gets an error that says so.
 */
const stubs: { readonly [name: string]: string } = {
  // For topic aliases of ours, and we use none: what MQTT.js makes of it stays empty.
  'lru-cache': `exports.LRUCache = class extends Map { constructor() { super(); } };`,
  '@pinojs/redact': absent('@pinojs/redact', 'redaction by pino; ours is agent/observe/redact.ts'),
  // What pino asks when JSON.stringify throws: for ids, which are bigints. Of what is circular pino then says just that.
  'safe-stable-stringify': `
    const withIds = (_key, value) => typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value;
    exports.configure = () => (value) => JSON.stringify(value, withIds);`,
  // Copies what MQTT.js stores until it is acknowledged. Of the rest only aliases of topics could change, and we use none.
  'rfdc/default': `
    module.exports = ({ payload, ...packet }) => ({
      ...packet, payload: typeof payload === 'string' ? payload : Buffer.from(payload) });`,
  // Switched on by a variable of the environment, it would print what is sent: passwords too.
  debug: `
    const debug = () => Object.assign(() => {}, { enabled: false, extend: debug });
    module.exports = Object.assign(debug, { default: debug });`,
  // Of mqtt-packet; see there.
  bl: `
    const { PacketBytes } = require('./agent/mqtt/packet-bytes.ts');
    module.exports = () => new PacketBytes();`,
  'worker-timers': `
    export const setInterval = globalThis.setInterval; export const clearInterval = globalThis.clearInterval;
    export const setTimeout = globalThis.setTimeout; export const clearTimeout = globalThis.clearTimeout;`,
  // Of onoff, for a time that we never give it; debouncing is in agent/documents/gpio-in.ts.
  'lodash.debounce': absent('lodash.debounce', 'debouncing by onoff'),
  'process-nextick-args': `exports.nextTick = process.nextTick;`,
  // Of sonic-boom; a millisecond to load.
  assert: `module.exports = (isSo, text) => { if (!isSo) process.getBuiltinModule('node:assert').fail(text); };`,
  inherits: `module.exports = require('node:util').inherits;`,
  'readable-stream': `module.exports = require('node:stream');`,
  buffer: `module.exports = require('node:buffer');`,
  events: `module.exports = require('node:events');`,
};

/**
 * Files of packages for other systems, or for what we do not use: lists of serial ports, the ways of MQTT.js to
 * connect (agent/mqtt opens its sockets), transports and streams of pino.
 */
const unreached =
  /\/node_modules\/(@serialport\/bindings-cpp\/dist\/(darwin|win32|linux-list)|mqtt\/build\/lib\/connect\/[a-z]+|pino\/lib\/(transport|multistream))\.js$/;

function absent(name: string, feature: string): string {
  return `module.exports = new Proxy(class {}, {
    get(target, key) { return key === 'prototype' ? target.prototype : undefined },
    construct() { throw new Error('${feature} is not part of this bundle (${name})') } });`;
}

/** Replaces what the agent does not use of its packages. */
export const trimPackages: Plugin = {
  name: 'trim-packages',
  setup(build) {
    const filter = new RegExp(`^(node:)?(${Object.keys(stubs).join('|')})/?$`);
    build.onResolve({ filter }, ({ path, importer }) => {
      const name = path.replace(/\/$/, '');
      return importer.includes('node_modules') && name in stubs ? { path: name, namespace: 'stub' } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => {
      const contents = stubs[path];
      return contents === undefined ? undefined : { contents, loader: 'js', resolveDir: '.' };
    });
    build.onLoad({ filter: unreached }, () => ({ contents: '', loader: 'js' }));
    // Who has asked for a log, of the stack, for transports. V8 would count the lines of the whole program for that.
    build.onLoad({ filter: /\/node_modules\/pino\/lib\/caller\.js$/ }, () => ({
      contents: 'module.exports = () => [];',
      loader: 'js',
    }));
    // It keeps the bytes of each length that it has written for good, and with them the slab that they are in.
    build.onLoad({ filter: /\/node_modules\/mqtt-packet\/numbers\.js$/ }, async ({ path }) => {
      const [before = '', ...after] = (await readFile(path, 'utf8')).split('Buffer.allocUnsafe(maxLength)');
      if (after.length !== 1) throw new Error(`${path} makes the bytes of a length in another way than it did`);
      return { contents: [before, ...after].join('Buffer.allocUnsafeSlow(maxLength)'), loader: 'js' };
    });
    build.onLoad({ filter: /\/node_modules\/mqtt\/package\.json$/ }, async ({ path }) => {
      const { version }: { version: string } = JSON.parse(await readFile(path, 'utf8')); // All that is asked of it.
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};
