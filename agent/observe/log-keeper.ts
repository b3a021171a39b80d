import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { parseDuration } from '../config/duration.ts';
import { logLevelMsDefault, logLevelMsMax } from '../limits.ts';
import { type LogBook, type LogLevel, levels } from '../log.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { fieldsOf, isObjectValue } from '../qn/value.ts';

export interface LogKeeperDependencies {
  readonly clock: Clock;
  readonly book: LogBook;
  /** Of the config that runs. */
  configured(): LogLevel;
  /** The document `log` has this value now. */
  changed(value: Value): void;
}

/** The document `log`: how much is written, and the last lines for whoever asks (QN-6.8). */
export class LogKeeper implements Disposable {
  readonly #dependencies: LogKeeperDependencies;
  #end: Disposable | undefined;

  constructor(dependencies: LogKeeperDependencies) {
    this.#dependencies = dependencies;
    this.#tell({});
  }

  /** `"debug"`, or `{"level": "debug", "for": "10m"}`; then it is as configured again: nobody has to think of it. */
  change(value: Value): Result<void, Refusal> {
    const wanted = isObjectValue(value) ? value : { level: value };
    const level = levels.find((name) => name === wanted['level']);
    const { for: lasting = `${logLevelMsDefault}ms` } = wanted;
    const forMs = typeof lasting === 'string' ? parseDuration(lasting) : undefined;
    if (level === undefined) return fail({ reason: 'out-of-range', detail: `level is one of ${levels.join(', ')}` });
    if (forMs === undefined || forMs <= 0 || forMs > logLevelMsMax) {
      return fail({ reason: 'out-of-range', detail: 'for is a duration like 10m, a day at most' });
    }
    const { clock, book } = this.#dependencies;
    book.setLevel(level);
    this.#end?.[Symbol.dispose]();
    this.#end = clock.after(forMs, () => this.reset());
    this.#tell({ until: clock.wallMs() + forMs });
    book.info({ log_level: level, for_ms: forMs }, 'log level changed');
    return ok();
  }

  /** As configured; also when that changed. */
  reset(): void {
    this.#end?.[Symbol.dispose]();
    this.#end = undefined;
    this.#dependencies.book.setLevel(this.#dependencies.configured());
    this.#tell({});
  }

  /** `asked`: `{"after": N}`, the number of the last line the reader has. */
  read(asked: Value | undefined, bytesMax: number): Value {
    const { level, tail } = this.#dependencies.book;
    const { after } = fieldsOf(asked);
    const lines = tail.read(typeof after === 'number' ? after : 0, bytesMax);
    return { level, last: tail.last, lines: lines.map(({ text }) => text) };
  }

  [Symbol.dispose](): void {
    this.#end?.[Symbol.dispose]();
  }

  #tell(until: { readonly until?: number }): void {
    this.#dependencies.changed({ level: this.#dependencies.book.level, ...until });
  }
}
