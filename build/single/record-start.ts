import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Place } from '../../agent/single/compile-ahead.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { startBroker } from '../demo/broker.ts';
import { Spectator } from '../demo/spectator.ts';

const startMsMax = 60_000;
const stopMsMax = 20_000;

const configOf = (port: number, folder: string) => `node: pi-1
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:${port}" }] }
gpio: { backend: simulated, board: ${folder}/board }
state-folder: ${folder}/state
log: { level: warn }
documents:
  gpio.relay1: { driver: gpio-out, line: GPIO17 }
  gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up, debounce: 20ms }
`;

export interface Recorded {
  /** Where functions of the program end that have run. */
  readonly places: readonly Place[];
  /** Those of Node.js of which something has run: `fs`, `internal/url`. */
  readonly modules: readonly string[];
}

/**
 * Starts the agent once, as a board would: what has run by the time it has told of its health, in it and in its guard, and
 * then to stop. `program` is a single executable that starts from source, and `main` what is in it.
 */
export async function recordStart(program: string, main: string): Promise<Recorded> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-record-'));
  try {
    await using broker = await startBroker(0);
    await using spectator = await Spectator.connect(broker.port, () => {});
    createSimulatedBoard(path.join(folder, 'board'), ['GPIO17', 'GPIO27']);
    const config = path.join(folder, 'config.yaml');
    await writeFile(config, configOf(broker.port, folder));
    const coverage = path.join(folder, 'coverage');
    await runUntil(spectator.expect('health', isHealth, startMsMax), program, config, coverage);
    return await readCoverage(coverage, main);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isHealth = ({ topic }: { readonly topic: string }) => topic === 'pi-1/health/agent';

/** Runs the agent until `done`, with nothing of this environment. V8 writes what has run into `coverage` when it ends. */
async function runUntil(done: Promise<unknown>, program: string, config: string, coverage: string): Promise<void> {
  const env = { NODE_V8_COVERAGE: coverage };
  const agent = spawn(program, ['run', '--config', config], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    agent.once('error', reject);
    agent.once('exit', resolve);
  });
  const endedEarly = ended.then((code) => Promise.reject(new Error(`${program} ended by itself with ${code}`)));
  const timer = setTimeout(() => agent.kill('SIGKILL'), startMsMax + stopMsMax);
  try {
    await Promise.race([done, endedEarly]);
    agent.kill('SIGTERM');
    const code = await ended;
    if (code !== 0) throw new Error(`${program} ended with ${code}, not 0`);
  } finally {
    clearTimeout(timer);
    agent.kill('SIGKILL');
  }
}

/** What V8 writes: of each function the range first of which is the whole of it. */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

async function readCoverage(folder: string, main: string): Promise<Recorded> {
  const ends = new Set<number>();
  const modules = new Set<string>();
  for (const file of await readdir(folder)) {
    const { result }: Coverage = JSON.parse(await readFile(path.join(folder, file), 'utf8'));
    for (const { url } of result) if (url.startsWith('node:')) modules.add(url.slice('node:'.length));
    for (const { functions } of result.filter(({ url }) => url === main))
      for (const {
        ranges: [whole],
      } of functions)
        if (whole !== undefined && whole.count > 0) ends.add(whole.endOffset);
  }
  if (ends.size === 0) throw new Error(`nothing of ${main} has run`);
  const placeOf = placesIn(await readFile(main, 'utf8'));
  const places = [...ends].toSorted((left, right) => left - right).map((end) => placeOf(end - 1));
  return { places, modules: [...modules] };
}

/** Of characters of a text, asked for in their order. */
function placesIn(text: string): (offset: number) => Place {
  let [line, lineStart] = [0, 0];
  return (offset) => {
    for (let next = text.indexOf('\n', lineStart); next >= 0 && next < offset; next = text.indexOf('\n', lineStart)) {
      line += 1;
      lineStart = next + 1;
    }
    return [line, offset - lineStart];
  };
}
