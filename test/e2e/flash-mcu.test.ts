import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStaging } from '../../agent/firmware/staging.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { runProgram, startAgentProcess } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { optibootMissing } from '../support/uno.ts';
import { openUnoBench } from '../support/uno-bench.ts';
import { until } from '../support/until.ts';

const what = 'qn-agent flash-mcu, on the board itself';

describe.skipIf(optibootMissing !== undefined)(
  optibootMissing === undefined ? what : `${what} (${optibootMissing})`,
  () => {
    it('writes the program while the agent is stopped, and says who holds the lines while it runs', {
      timeout: 240_000,
    }, async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'qn-local-'));
      await using bench = await openUnoBench(folder);
      const [board, state] = [path.join(folder, 'board'), path.join(folder, 'state')];
      createSimulatedBoard(board, ['GPIO4']);
      bench.wireReset(board, 'GPIO4');
      const keys = [`port: "${bench.port}"`, 'reset: { line: GPIO4 }', 'update: { over: stk500 }'].join(', ');
      const documents = [`firmware.mcu0: { driver: mcu, ${keys} }`];
      const configFile = path.join(folder, 'config.yaml');
      await writeFile(configFile, configText({ url: 'mqtt://127.0.0.1:9', board, state, documents }));
      const flash = ({ hexFile } = bench.second) =>
        runProgram('qn-agent', ['flash-mcu', hexFile, '--config', configFile]);

      {
        await using agent = startAgentProcess(configFile);
        await until(() => agent.out.includes('cannot connect yet'), 'the agent is up');
        const { code, err } = await flash();
        expect([code, err]).toEqual([74, expect.stringContaining('stop the agent first')]);
      }
      const { code, out, err } = await flash();
      expect([code, out, err]).toEqual([0, expect.stringContaining('is written, verified, and runs'), '']);
      expect(await bench.inFlash()).toBe(bench.second);

      // As an update leaves it that was cut: the agent would finish it, whoever stands at the board wants the other one.
      const staging = openStaging(path.join(state, 'firmware', 'firmware.mcu0'));
      const hex = await readFile(bench.second.hexFile);
      const cut = { sha256: createHash('sha256').update(hex).digest('hex'), sizeBytes: hex.length };
      await staging.mark({ phase: 'writing', ...cut, isTouched: true });
      const other = await flash(bench.first);
      expect([other.code, other.err]).toEqual([0, '']);
      expect(await bench.inFlash()).toBe(bench.first);
      await rm(folder, { recursive: true, force: true });
    });
  },
);
