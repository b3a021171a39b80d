import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fieldOf, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const documents = ['late: { driver: gpio-out, line: GPIO18, safe: { boot: on, exit: off, crash: off } }'];
const comesBackMsMax = 15_000;

describeWithMosquitto('an output whose line is absent at the start', () => {
  test('is there for health, self-test, commands and guard once its line is, and again after that was lost', async () => {
    await using rig = await startRig({ documents });
    const line = path.join(rig.board, 'GPIO18');
    const hearHealth = (status: string) =>
      rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === status }, comesBackMsMax);
    const hearTest = (status: string) =>
      rig.hear({ document: 'selftest', test: ({ message }) => fieldOf(message.val, 'health_status') === status });
    await hearTest('DEGRADED');
    await rig.say('notify/late', 'OFF');
    await rig.hear({ verb: 'ack', document: 'late', status: 'rejected' });

    mkdirSync(line, { recursive: true });
    await hearHealth('online');
    await hearTest('PASS');
    expect(rig.wire('GPIO18')).toBe('1');

    writeFileSync(path.join(line, 'value'), '0\n'); // A short circuit to ground.
    const short = await hearHealth('degraded');
    expect(JSON.stringify(short.message.val)).toContain('driven 1, reads back 0');
    writeFileSync(path.join(line, 'value'), '1\n');
    await hearHealth('online');

    rmSync(line, { recursive: true });
    const lost = await hearHealth('degraded');
    expect(JSON.stringify(lost.message.val)).toContain('it was on when it was lost');
    mkdirSync(line, { recursive: true });
    await hearHealth('online');
    expect(rig.wire('GPIO18')).toBe('1');

    await rig.say('notify/late', 'ON');
    await rig.hear({ verb: 'ack', document: 'late', status: 'successful' });
    await rig.agent.end('SIGKILL');
    await until(() => rig.wire('GPIO18') === '0', 'the crash state');
  }, 60_000);
});
