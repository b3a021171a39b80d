import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatFleet, formatNode, rowOf } from '../../../agent/cli/fleet.ts';
import type { Message, Value } from '../../../agent/qn/message.ts';
import { recordContext } from './context.ts';

const health = (val: Value): Message => ({ t: 'health', val });
const well = { status: 'online', uptime_s: 12, degrade_level: 0, why: [], selftest: { health_status: 'PASS' } };
const ill = { ...well, status: 'degraded', degrade_level: 1, why: ['serial.a: unplugged', 'disk.space: 3 MiB free'] };

const rows = [
  rowOf('pi-3', health(well)),
  rowOf('pi-10', health({ status: 'offline' })),
  rowOf('pi-2', health(ill)),
  rowOf('a-1', health(well)),
  rowOf('pi-4', health({ ...well, status: 'safe', why: ['gpio.a: went off: offline'] })),
];

describe('the table of a fleet', () => {
  it('has trouble first, the worst reason behind it, and everything in columns', () => {
    expect(formatFleet(recordContext(), rows)).toEqual([
      'pi-10  offline',
      'pi-4   safe      uptime 12 s  self-test PASS           gpio.a: went off: offline',
      'pi-2   degraded  uptime 12 s  self-test PASS  level 1  serial.a: unplugged (and 1 more)',
      'a-1    online    uptime 12 s  self-test PASS',
      'pi-3   online    uptime 12 s  self-test PASS',
    ]);
  });

  it('says the same in colour, when somebody looks', () => {
    const coloured = formatFleet({ ...recordContext(), isColourful: true }, rows);
    expect(coloured[0]).toContain('\u001b[31moffline');
    expect(coloured.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(
      formatFleet(recordContext(), rows),
    );
  });

  it('shows one node with all its reasons', () => {
    expect(formatNode(rowOf('pi-2', health(ill)))).toBe(
      'pi-2  degraded  uptime 12 s  self-test PASS  level 1\n  serial.a: unplugged\n  disk.space: 3 MiB free',
    );
  });

  it('shows what a node that is online warns of, before those that warn of nothing', () => {
    const deaf = rowOf('pi-9', health({ ...well, warnings: ['it hears nothing', 'config.trust is none'] }));
    expect(formatFleet(recordContext(), [...rows.slice(-2), deaf])).toEqual([
      'pi-4  safe    uptime 12 s  self-test PASS  gpio.a: went off: offline',
      'pi-9  online  uptime 12 s  self-test PASS  warning: it hears nothing (and 1 more)',
      'a-1   online  uptime 12 s  self-test PASS',
    ]);
    expect(formatNode(deaf)).toBe(
      'pi-9  online  uptime 12 s  self-test PASS\n  warning: it hears nothing\n  warning: config.trust is none',
    );
  });
});
