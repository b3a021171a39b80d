import { Session } from 'node:inspector/promises';
import { type Clock, sleep } from '../clock.ts';
import { profileSecondsDefault, profileSecondsMax } from '../limits.ts';
import { type HttpAnswer, refusalAnswer } from './http-answer.ts';
import type { HttpRequest } from './http-server.ts';

/** A CPU profile of the next seconds, for the DevTools of Chromium. One at a time. */
export function createProfiler(clock: Clock): (request: HttpRequest) => Promise<HttpAnswer> {
  let isBusy = false;
  return async ({ query, response }) => {
    const seconds = Number(query.get('seconds') ?? profileSecondsDefault);
    if (!(seconds > 0 && seconds <= profileSecondsMax)) {
      const detail = `seconds is a number from 0 to ${profileSecondsMax}`;
      return refusalAnswer({ reason: 'out-of-range', detail });
    }
    if (isBusy) return refusalAnswer({ reason: 'busy', detail: 'a profile is being taken; wait for its end' }, 429);
    isBusy = true;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const profile = await takeProfile(clock, seconds, gone.signal);
      const name = `qn-agent-${clock.wallMs()}.cpuprofile`;
      return { code: 200, body: profile, headers: { 'content-disposition': `attachment; filename="${name}"` } };
    } finally {
      isBusy = false;
    }
  };
}

async function takeProfile(clock: Clock, seconds: number, signal: AbortSignal): Promise<string> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  await sleep(clock, seconds * 1_000, signal); // Nobody waits for it any more: then it ends early.
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return JSON.stringify(profile);
}
