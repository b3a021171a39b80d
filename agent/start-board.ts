import type { LiveTable } from './dispatch/live-table.ts';
import { Board } from './documents/board.ts';
import type { MemoryFile } from './documents/memory-file.ts';
import type { Environment } from './environment.ts';
import type { LocalApplications } from './observe/local-applications.ts';
import type { Pool } from './pool/pool.ts';
import type { Value } from './qn/message.ts';
import type { Running } from './running.ts';
import type { Voice } from './voice.ts';

export interface BoardParts {
  readonly pool: Pool;
  readonly voice: Voice;
  readonly table: LiveTable;
  readonly local: LocalApplications;
  readonly memory: MemoryFile;
  troubleChanged(): void;
}

/** Opens the drivers of every document, and connects what they tell with what the agent says. */
export async function openBoard(running: Running, environment: Environment, parts: BoardParts): Promise<Board> {
  const { config } = running;
  const { clock, log, random, openBytePort, guardOf, ending } = environment;
  const { pool, table, local, memory, troubleChanged } = parts;
  const { boot, publisher, states } = parts.voice;
  const changed = (name: string, value: Value) => states.change(name, value);
  const removed = (name: string) => states.remove(name);
  const happened = (name: string, val: Value, ageMs?: number) => {
    const ts = ageMs === undefined ? {} : { ts: Math.round(clock.wallMs() - ageMs) };
    const message = { t: 'event', val, ep: boot, ...ts } as const;
    const to = { verb: 'event', document: name } as const;
    const waits = running.config.documents[name]?.outbox;
    publisher.say({ message, to, retain: false, policy: 'keep', durability: 'soon', ...(waits && { waits }) });
    local.http?.happened(name, message);
  };
  const gpio = await environment.openGpio(config.gpio);
  const pwm = environment.createPwm(config.gpio);
  const memoryOf = (name: string) => memory.of(name);
  const told = { changed, removed, happened, troubleChanged, found: table.found, ...(guardOf && { guardOf }) };
  const { stateFolder } = config;
  const dependencies = {
    clock,
    log,
    pool,
    random,
    openBytePort,
    pwm,
    memoryOf,
    stateFolder,
    ...told,
    ...(ending && { ending }),
  };
  return await Board.open(dependencies, gpio, table.rows);
}
