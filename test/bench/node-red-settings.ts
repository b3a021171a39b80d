/** Settings of a Node-RED that drives lines of a simulated board as the agent's own driver does, and counts for who asks. */
export interface NodeRedPlaces {
  readonly uiPort: number;
  /** By topic. */
  readonly lines: { readonly [topic: string]: string };
  /** Where the number of messages is written at each SIGWINCH; at SIGUSR2 Node-RED ends. */
  readonly countFile: string;
}

/** In the words of Node-RED: a module in JavaScript. */
export function settingsText({ uiPort, lines, countFile }: NodeRedPlaces): string {
  return `const fs = require('node:fs');
const lines = new Map(Object.entries(${JSON.stringify(lines)}).map(([topic, folder]) =>
  [topic, { fault: folder + '/fault', log: folder + '/log', value: fs.openSync(folder + '/value', 'r+') }]));
let count = 0;
function act({ topic, payload }) {
  count += 1;
  const line = lines.get(topic);
  if (fs.existsSync(line.fault)) return;
  const level = payload[16] === 1 ? '1' : '0';
  const before = Buffer.alloc(1);
  fs.readSync(line.value, before, 0, 1, 0);
  fs.writeSync(line.value, level + '\\n', 0);
  if (before.toString('latin1') !== level) fs.appendFileSync(line.log, process.hrtime.bigint() + ' ' + level + '\\n');
}
process.on('SIGWINCH', () => fs.writeFileSync(${JSON.stringify(countFile)}, String(count)));
module.exports = {
  uiPort: ${uiPort}, uiHost: '127.0.0.1', flowFile: 'flows.json',
  functionGlobalContext: { act }, logging: { console: { level: 'info' } },
};
`;
}

/** One MQTT node for all topics below, and a function. */
export function flowText(port: number, filter: string): string {
  const broker = { id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(port), clientid: '' };
  const heard = { id: 'in', type: 'mqtt in', z: 'tab', topic: filter, qos: '1', datatype: 'buffer', broker: 'broker' };
  const act = "global.get('act')(msg); return null;";
  return JSON.stringify([
    { id: 'tab', type: 'tab', label: 'bench' },
    { ...broker, autoConnect: true, usetls: false, protocolVersion: '5', keepalive: '60', cleansession: true },
    { ...heard, nl: false, rap: true, rh: 0, inputs: 0, wires: [['act']] },
    { id: 'act', type: 'function', z: 'tab', func: act, outputs: 1, timeout: 0, wires: [[]] },
  ]);
}
