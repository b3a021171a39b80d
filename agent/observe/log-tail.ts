import { logTailBytesMax, logTailCount } from '../limits.ts';

export interface TailLine {
  /** Counts from 1 in this life of the agent. */
  readonly number: number;
  /** JSON. */
  readonly text: string;
}

/** The last lines of the log, in memory. When full: drop-oldest. */
export class LogTail {
  readonly #lines: TailLine[] = []; // At most logTailCount, and logTailBytesMax.
  #bytes = 0;
  #last = 0;

  add(text: string): void {
    this.#last += 1;
    this.#lines.push({ number: this.#last, text });
    this.#bytes += text.length;
    while (this.#lines.length > logTailCount || this.#bytes > logTailBytesMax) {
      const dropped = this.#lines.shift();
      if (dropped === undefined) break;
      this.#bytes -= dropped.text.length;
    }
  }

  /** Of the latest line. */
  get last(): number {
    return this.#last;
  }

  /** The latest behind this number that fit into so many bytes, the oldest first. */
  read(after: number, bytesMax: number): readonly TailLine[] {
    let bytes = 0;
    const wanted = this.#lines.filter(({ number }) => number > after);
    const from = wanted.findLastIndex(({ text }) => {
      bytes += Buffer.byteLength(JSON.stringify(text)) + 1;
      return bytes > bytesMax;
    });
    return wanted.slice(from + 1);
  }
}
