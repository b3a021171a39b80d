import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { openLocalAnswer, socketOf } from '../../../agent/health/local-answer.ts';
import { localAnswerMsMax, localAnswersMax } from '../../../agent/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { until } from '../../support/until.ts';

const around = { clock: systemClock, log: silentLog };

describe('the answer on this machine', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qn-answer-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const ask = () => text(connect(socketOf(folder))).catch(() => '');

  /** Has the answer, and does not hang up. */
  async function stay(): Promise<Socket> {
    const socket = connect({ path: socketOf(folder), allowHalfOpen: true });
    let hasEnded = false;
    socket.on('error', () => {}).on('end', () => (hasEnded = true));
    socket.resume();
    await until(() => hasEnded, 'answered');
    return socket;
  }

  it('is one JSON object, for each who asks', async () => {
    await using _answer = await openLocalAnswer(around, folder, () => ({ pid: 7 }));
    expect([await ask(), await ask()]).toEqual(['{"pid":7}', '{"pid":7}']);
  });

  it('stays that of the agent which runs, when a second one is started', async () => {
    await using _answer = await openLocalAnswer(around, folder, () => ({ pid: 7 }));
    await (await openLocalAnswer(around, folder, () => ({ pid: 8 })))[Symbol.asyncDispose]();
    expect(await ask()).toBe('{"pid":7}');
  });

  it('ends with the agent, also when somebody does not hang up', async () => {
    const answer = await openLocalAnswer(around, folder, () => ({ pid: 7 }));
    const socket = await stay();
    let isOver = false;
    void answer[Symbol.asyncDispose]().then(() => {
      isOver = true;
    });
    await until(() => isOver, 'closed', localAnswerMsMax / 2);
    socket.destroy();
  });

  it('comes again after some time, when all places were taken by who does not hang up', async () => {
    await using _answer = await openLocalAnswer(around, folder, () => ({ pid: 7 }));
    const sockets = await Promise.all(Array.from({ length: localAnswersMax }, stay));
    const untilMs = performance.now() + 4 * localAnswerMsMax;
    let got = '';
    while (got === '' && performance.now() < untilMs) got = await ask();
    expect(got).toBe('{"pid":7}');
    for (const socket of sockets) socket.destroy();
  });
});
