import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startProgram } from '../support/agent-process.ts';
import { gccMissing, openWorkshop } from '../support/c-compiler.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const missing =
  gccMissing ?? (process.getuid?.() === 0 ? undefined : 'only root gets the descriptors of another process');

describeWithMosquitto('an agent that dies while one of its threads waits for the disk', () => {
  it.skipIf(missing !== undefined)(
    `has its outputs in their crash state at once (${missing ?? 'root, gcc'})`,
    async ({ skip }) => {
      using workshop = openWorkshop();
      const flags = ['-O2', '-Wall', '-Wextra', '-Werror'];
      const hold = workshop.build('gcc', 'hold', [...flags, 'test/support/stuck-thread/hold.c']);
      await using rig = await startRig({
        documents: ['gpio.relay: { driver: gpio-out, line: RELAY }'],
        lines: ['RELAY'],
      });
      await rig.say('notify/gpio.relay', 'ON');
      await rig.hear({ verb: 'ack', document: 'gpio.relay', status: 'successful' });
      await delay(300); // The guard has begun.
      await using holding = startProgram(hold, [`${rig.agent.pid}`]);
      await until(() => holding.out === 'held\n' || holding.err !== '', 'the descriptors', 5_000);
      skip(/not permitted|not implemented/.test(holding.err), holding.err); // In a container, say.
      process.kill(rig.agent.pid, 'SIGKILL'); // Not waited for: its output is open as long as that is held.
      await until(() => rig.wire('RELAY') === '0', 'the crash state', 2_000);
      expect(holding.err).toBe('');
    },
  );
});
