import type { DriverError } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { OpenDocument } from './kind.ts';
import { readBackEveryMs } from './limits.ts';

/** Has outputs compare their line, one after the other: a read of one behind a slow bus holds up everything else. */
export function openReadBack(clock: Clock, documents: () => readonly OpenDocument[]): Disposable {
  let count = 0;
  let timer: Disposable | undefined;
  const wait = () => {
    timer = clock.after(readBackEveryMs, () => {
      const outputs = documents().filter(({ compare }) => compare !== undefined);
      outputs[count++ % outputs.length]?.compare?.();
      wait();
    });
  };
  wait();
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}

/** Once may be a disturbance; what is found twice in a row is told, and then every change of it. */
export class Suspicion {
  #seen: string | undefined;
  #told: string | undefined;

  /** Whether this is to be told; undefined: all is well. */
  isNews(found: DriverError | undefined): boolean {
    const before = this.#seen;
    this.#seen = found?.detail;
    if (this.#seen === this.#told) return false;
    if (this.#seen !== undefined && this.#told === undefined && this.#seen !== before) return false;
    this.#told = this.#seen;
    return true;
  }

  /** Something else was told. */
  forget(): void {
    this.#seen = undefined;
    this.#told = undefined;
  }
}
