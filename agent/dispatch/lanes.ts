import { fail, type Result } from '../../drivers/contract/result.ts';
import type { Effect, OpenDocument } from '../documents/kind.ts';
import { changingError } from '../documents/place.ts';
import { Lane } from './lane.ts';

interface Documents {
  document(name: string): Result<OpenDocument>;
}

const waitsOnPurpose: ReadonlySet<Effect['do']> = new Set(['set', 'toggle', 'pulse', 'channel-pulse']);

/** The lanes of all documents. A document that was opened anew has a new lane; its old one comes to its end by itself. */
export class Lanes {
  readonly #documents: Documents;
  readonly #lanes = new Map<string, Lane>(); // One per document at most.
  readonly #ending = new Set<Lane>(); // Of documents that were closed.
  #changing: ReadonlySet<string> = new Set();

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  /**
   * Until it is disposed of no pulse begins there: another config takes these outputs over as they are, in a moment, and would
   * end it before its time.
   */
  refusePulses(names: readonly string[]): Disposable {
    this.#changing = new Set(names);
    return { [Symbol.dispose]: () => void (this.#changing = new Set()) };
  }

  /** The lane of the document as it is open now, or why it is not, or not for this effect. */
  of(name: string, effect: Effect): Result<Lane> {
    if (effect.do === 'pulse' && this.#changing.has(name)) return fail(changingError(name));
    const document = this.#documents.document(name);
    if (!document.ok) return document;
    const known = this.#lanes.get(name);
    if (known !== undefined && known.document === document.value) return { ok: true, value: known };
    if (known !== undefined) this.#retire(known);
    const lane = new Lane(document.value);
    this.#lanes.set(name, lane);
    return { ok: true, value: lane };
  }

  /** The document as it is open now, if nothing is under way in its lane; then nothing waits either. */
  idle(name: string): OpenDocument | undefined {
    const document = this.#documents.document(name);
    const lane = this.#lanes.get(name);
    if (!document.ok || lane?.isBusy === true) return undefined;
    return document.value;
  }

  /** Whether a command of this document is under way: a pulse, a write. */
  isBusy(name: string): boolean {
    return this.#lanes.get(name)?.isBusy === true;
  }

  /** Calls of drivers under way that end by themselves; a switch waits on purpose, for its rules or its pulse. */
  calls(): readonly { readonly document: string; readonly call: object }[] {
    return [...this.#lanes].flatMap(([document, { effect }]) =>
      effect === undefined || waitsOnPurpose.has(effect.do) ? [] : [{ document, call: effect }],
    );
  }

  /** Resolves when no command is under way and none waits; meant for a board that was disposed of. */
  async settled(): Promise<void> {
    for (const lane of [...this.#lanes.values(), ...this.#ending]) await lane.settled();
  }

  #retire(lane: Lane): void {
    this.#ending.add(lane);
    void lane.settled().then(() => this.#ending.delete(lane));
  }
}
