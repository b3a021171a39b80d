import { rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram, startAgentProcess } from '../support/agent-process.ts';
import { fieldOf, statusOf } from '../support/heard.ts';
import { openRig, type Rig } from '../support/rig.ts';

const relay = 'gpio.relay1: { driver: gpio-out, line: GPIO17 }';

/** What tells where the state is may be gone with the file. */
function envOf(rig: Rig) {
  return { QN_STATE_FOLDER: path.join(rig.folder, 'state') };
}

test.for([
  ['empty', (file: string) => truncate(file)],
  ['not there', (file: string) => rm(file)],
] as const)(
  'a board whose config file is %s after a power cut comes back as it was, and says so',
  async ([, damage]) => {
    await using rig = await openRig({ documents: [relay], lines: ['GPIO17'] });
    await rig.start();
    await rig.agent.end('SIGTERM');
    await damage(rig.configFile);
    const heardCount = rig.listener.all.length;
    await using agent = startAgentProcess(rig.configFile, { env: envOf(rig) });
    const health = await rig.hear({
      verb: 'health',
      test: (heard) => rig.listener.all.indexOf(heard) >= heardCount && statusOf(heard) !== 'offline',
    });
    expect(statusOf(health)).toBe('degraded');
    expect(JSON.stringify(fieldOf(health.message.val, 'why'))).toMatch(/config/);
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'state', document: 'gpio.relay1', test: ({ message }) => message.val === true });
    expect(rig.wire('GPIO17')).toBe('1');
    expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(agent.err + agent.out).toContain('what it said when it last ran is used: write it again');
  },
);

test('one that was mistyped is for somebody to mend: 78, as before', async () => {
  await using rig = await openRig({ documents: [relay], lines: ['GPIO17'], sections: 'mqqt: {}' });
  const { code } = await runProgram('qn-agent', ['run', '--config', rig.configFile], { env: envOf(rig) });
  expect(code).toBe(78);
});
