import * as v from 'valibot';
import { crossCheck } from '../config/cross-check.ts';
import { parseYaml } from '../config/parse-yaml.ts';
import { fileSchema, toConfig } from '../config/schema.ts';
import { emptyMap, toPlain } from '../config/tree.ts';
import { createTable } from '../dispatch/table.ts';
import { codecFaults } from '../health/codec-test.ts';
import { poolProfiles } from '../limits.ts';
import { createPool } from '../pool/pool.ts';

/** What every start reads something like. */
const config = `
node: pi-1
mqtt: { root: qn/1, brokers: [{ url: "mqtt://127.0.0.1:1883" }] }
gpio: { backend: auto }
log: { level: info }
documents:
  gpio.relay1: { driver: gpio-out, line: GPIO17, number: 1, active: low, safe: { boot: off, crash: off } }
  gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up, debounce: 20ms }
  serial.scale: { driver: serial-line, port: /dev/ttyAMA0, baud: 9600, delimiter: "\\r\\n" }
`;

/**
 * Runs what every start runs, when the snapshot is made: functions that ran are compiled in it. Only what computes: nothing
 * that asks the system, holds something of it, or keeps what it found.
 */
export function warmUp(): void {
  const parsed = parseYaml(config, 'config.yaml');
  const tree = (parsed.ok ? parsed.value : undefined) ?? emptyMap({ file: 'config.yaml', line: 1, column: 1 });
  const checked = v.safeParse(fileSchema, toPlain(tree), { abortPipeEarly: true });
  if (!checked.success) throw new Error(`the config of the warm-up has a fault: ${checked.issues[0].message}`);
  createTable(toConfig(checked.output));
  crossCheck({ documents: [], buttons: [], isUnreadable: false, targets: [], serial: [], poolProfile: 'tiny' });
  const faults = codecFaults();
  if (faults.length > 0) throw new Error(`the codecs are not sound: ${faults.join(', ')}`);
  const pool = createPool(poolProfiles.tiny);
  pool.seal();
  pool.marchTest();
  pool.check();
  const slot = pool.acquire('inbound', 1);
  if (slot !== undefined) pool.release(slot);
  pool.close();
}
