import type { Clock } from '../clock.ts';
import { hasRoom, type Twin, type TwinLimits } from './twins.ts';

interface DoubtLimits extends TwinLimits {
  readonly waitMs: number;
}

interface Doubt {
  readonly twin: Twin;
  readonly refuse: () => void;
  readonly waiting: Disposable;
}

/** Commands that are refused unless their twin comes soon, oldest first. When full: the oldest is refused at once. */
export class Doubts {
  readonly #clock: Clock;
  readonly #limits: DoubtLimits;
  readonly #doubts: Doubt[] = [];

  constructor(clock: Clock, limits: DoubtLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  add(twin: Twin, refuse: () => void): void {
    while (!hasRoom(this.#doubts, twin, this.#limits)) this.#remove(0)?.refuse();
    const waiting = this.#clock.after(this.#limits.waitMs, () => {
      this.#remove(this.#doubts.indexOf(doubt));
      refuse();
    });
    const doubt = { twin, refuse, waiting };
    this.#doubts.push(doubt);
  }

  /** Whether it was there; it is not refused then. */
  take({ order, content }: Twin): boolean {
    const isIt = ({ twin }: Doubt) => twin.order === order && twin.content === content;
    return this.#remove(this.#doubts.findIndex(isIt)) !== undefined;
  }

  has(topic: string): boolean {
    return this.#doubts.some(({ twin }) => twin.topic === topic);
  }

  #remove(index: number): Doubt | undefined {
    const [doubt] = index < 0 ? [] : this.#doubts.splice(index, 1);
    doubt?.waiting[Symbol.dispose]();
    return doubt;
  }
}
