import { type Marker, type MarkerRest, markerOf } from './marker.ts';
import type { WriteOrder } from './order.ts';
import type { Staging } from './staging.ts';

/** The marker of one microcontroller, in memory and on the disk. */
export class KeptMarker {
  readonly #staging: Staging;
  #now: Marker | undefined;

  private constructor(staging: Staging, now: Marker | undefined) {
    this.#staging = staging;
    this.#now = now;
  }

  static async open(staging: Staging): Promise<KeptMarker> {
    return new KeptMarker(staging, await staging.marker());
  }

  get now(): Marker | undefined {
    return this.#now;
  }

  /** By whatever image: nothing runs there. */
  get isTouched(): boolean {
    return this.#now?.isTouched === true;
  }

  /** With this image, and not ended. */
  isBegun({ sha256 }: WriteOrder): boolean {
    return this.#now?.phase === 'writing' && this.#now.sha256 === sha256;
  }

  /** Durable; false: it is not. A disk that takes nothing any more may say it already: then a chip is still repaired. */
  async set(order: WriteOrder, rest: MarkerRest): Promise<boolean> {
    const marker = markerOf(order, rest);
    const isSaid = rest.phase === 'writing' && this.#resumes(marker);
    const marked = await this.#staging.mark(marker);
    if (marked.ok || rest.phase !== 'writing') this.#now = marker;
    return marked.ok || isSaid;
  }

  /** From what there is on the disk the next life would go on with this image, and know as much of the chip. */
  #resumes({ sha256, isTouched }: Marker): boolean {
    const now = this.#now;
    return now?.sha256 === sha256 && now.isTouched === isTouched && (now.phase === 'writing' || isTouched);
  }
}
