import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, verbsOf } from '../../../agent/cli/command-line.ts';
import { agentProgram, qnctlProgram } from '../../../agent/cli/programs.ts';
import { recordContext } from './context.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'qn-exits-'));
const file = (name: string) => path.join(folder, name);
const config = (mcu: string) => `node: pi-1
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:1" }] }
gpio: { backend: simulated }
state-folder: ${file('state')}
documents: { firmware.mcu0: { driver: mcu, port: "simulated:${file('none.sock')}"${mcu} } }
`;

beforeAll(() => {
  writeFileSync(file('empty.hex'), '');
  writeFileSync(file('some.hex'), ':00000001FF\n');
  writeFileSync(file('bad.key'), 'no key');
  writeFileSync(file('good.yaml'), config(', update: { over: stk500 }, reset: { line: GPIO4 }'));
  writeFileSync(file('fixed.yaml'), config(''));
  writeFileSync(file('bad.yaml'), 'nodes: pi-1\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const flashMcu = (image: string, name: string) => ['flash-mcu', file(image), '--config', file(name)];
const flash = (image: string, ...more: readonly string[]) => ['mcu', 'flash', 'pi-1', 'firmware.mcu0', image, ...more];

describe('what ends a verb is in its help', () => {
  it.each([
    ['qn-agent', flashMcu('some.hex', 'bad.yaml'), 78, 'nodes'],
    ['qn-agent', flashMcu('empty.hex', 'good.yaml'), 65, 'has 0 bytes'],
    ['qn-agent', flashMcu('none.hex', 'good.yaml'), 74, 'none.hex'],
    ['qn-agent', flashMcu('some.hex', 'fixed.yaml'), 78, 'add `update'],
    ['qnctl', flash(file('empty.hex')), 65, 'has 0 bytes'],
    ['qnctl', flash(file('none.hex')), 74, 'none.hex'],
    ['qnctl', flash(file('some.hex'), '--sign', file('bad.key')), 65, 'bad.key'],
    ['qnctl', flash(file('some.hex'), '--sign', file('none.key')), 65, 'none.key'],
    ['qnctl', ['config', 'push', 'pi-1', file('good.yaml'), '--key', file('bad.key')], 65, 'bad.key'],
    ['qnctl', ['config', 'rollback', 'pi-1', '--key', file('none.key')], 65, 'none.key'],
    ['qnctl', ['config', 'push', 'pi-1', file('none.yaml')], 78, 'none.yaml'],
  ] as const)('%s %j', async (name, argv, code, why) => {
    const program = name === 'qnctl' ? qnctlProgram : agentProgram;
    const context = recordContext();
    expect([await runProgram(program, argv, context), context.errLines.join('\n')]).toEqual([
      code,
      expect.stringContaining(why),
    ]);
    const verb = verbsOf(program).find((one) => one.name === argv[0]);
    expect(Object.keys(verb?.exits ?? {})).toContain(`${code}`);
  });
});
