import { connect } from 'node:net';
import { type Clock, sleep } from '../../clock.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import { tryParseJson } from '../../config/try-parse-json.ts';
import { socketOf } from '../../health/local-answer.ts';
import { localAnswerBytesMax } from '../../limits.ts';
import type { AgentFacts } from '../facts.ts';

/** A slow card holds an agent up for seconds, and one that is not heard passes for a stranger that has our lines. */
const askMsMax = 10_000;

/** Asks the agent that runs on this state folder, if there is one. */
export async function askAgent(clock: Clock, stateFolder: string): Promise<AgentFacts | undefined> {
  const text = await Promise.race([readAll(socketOf(stateFolder)), sleep(clock, askMsMax)]);
  return text === undefined || text === '' ? undefined : parse(text);
}

function readAll(socketPath: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(socketPath);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > localAnswerBytesMax) socket.destroy();
    });
    socket.on('error', () => resolve('')); // Nobody is there.
    socket.on('close', () => resolve(text));
  });
}

function parse(text: string): AgentFacts | undefined {
  const answer = tryParseJson(text); // Half an answer is of an agent that is just ending.
  if (!isPlainMap(answer)) return undefined;
  const { pid, config_hash: configHash, health } = answer;
  if (typeof pid !== 'number' || typeof configHash !== 'string' || !isPlainMap(health)) return undefined;
  return { pid, configHash, health };
}
