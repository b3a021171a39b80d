import type { DocumentSurroundings } from '../../../agent/documents/kind.ts';
import { poolProfiles } from '../../../agent/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import type { Value } from '../../../agent/qn/message.ts';
import type { BytePort } from '../../../drivers/contract/byte-port.ts';
import type { GpioBackend } from '../../../drivers/contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { createSimulatedPwm } from '../../../drivers/pwm-simulated.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

export interface WatchedSurroundings extends DocumentSurroundings {
  readonly clock: ReturnType<typeof createFakeClock>;
  readonly changes: readonly Value[];
  readonly events: readonly Value[];
  readonly troubles: readonly (DriverError | undefined)[];
}

/** What a document sees of the agent, and what it told. */
export function watchSurroundings(parts: { gpio?: GpioBackend; port?: BytePort } = {}): WatchedSurroundings {
  const pool = createPool(poolProfiles.standard);
  pool.seal();
  const changes: Value[] = [];
  const events: Value[] = [];
  const troubles: (DriverError | undefined)[] = [];
  const absent = (resource: string): Result<never> =>
    fail({ kind: 'absent', operation: 'open', resource, detail: 'not there', fix: 'plug it in' });
  return {
    name: 'document',
    clock: createFakeClock(),
    log: silentLog,
    pool,
    random: () => 0,
    gpio: parts.gpio === undefined ? absent('gpio') : ok(parts.gpio),
    openBytePort: async (resource) => (parts.port === undefined ? absent(resource) : ok(parts.port)),
    neighbour: absent,
    changed: (value) => void changes.push(value),
    pwm: createSimulatedPwm(),
    memory: { recall: () => undefined, keep() {}, touch() {} },
    safe() {},
    adopt: () => undefined,
    happened: (value) => void events.push(value),
    troubled: (error) => void troubles.push(error),
    changes,
    events,
    troubles,
  };
}
