import path from 'node:path';
import { messageOf } from '../../../drivers/system-error.ts';
import { configHistoryCountMax } from '../limits.ts';
import { type Boots, decodeBoots } from './boots.ts';
import type { FileSystem } from './file-system.ts';
import { contentOf, decodeGeneration, encodeGeneration, type Generation } from './generation.ts';
import {
  type ChangeRecord,
  decodePending,
  decodeRecords,
  encodePending,
  encodeRecords,
  isSameChange,
  type PendingChange,
} from './record.ts';

/*
 * A change on disk, each step durable before the next:
 *
 *   change.json    what is under way, for whom                  <- begins here
 *   staged.json    the new config
 *                  ... it is applied and has to prove itself ...
 *   previous.json  the config of before
 *   active.json    staged.json, renamed                         <- from here on a restart goes on with the new one
 *   history.json   how it ended
 *                  ... whoever asked is told ...
 *   change.json    removed                                      <- ends here
 */

/**
 * The configs a board keeps (QN-7.3). Whatever happens in between, a restart finds the config of before or the new one,
 * and knows how the change ended.
 */
export class ConfigKeeper {
  readonly #files: FileSystem;
  readonly #folder: string;
  #active: Generation | undefined;
  #previous: Generation | undefined;
  #pending: PendingChange | undefined;
  #history: readonly ChangeRecord[] = [];
  #boots: Boots;
  #trouble: string | undefined;
  #damaged: string | undefined;
  #committed: (content: string) => void = () => {};

  private constructor(files: FileSystem, folder: string, boots: Boots) {
    this.#files = files;
    this.#folder = folder;
    this.#boots = boots;
  }

  /** Reads what there is, and writes nothing. What cannot be read is as good as not there. */
  static async read(files: FileSystem, stateFolder: string): Promise<ConfigKeeper> {
    const folder = path.join(stateFolder, 'config');
    const names = ['boots', 'active', 'previous', 'history', 'change'] as const;
    const [boots = '', active, previous, history = '', change = ''] = await Promise.all(
      names.map((name) => files.read(path.join(folder, `${name}.json`))),
    );
    const keeper = new ConfigKeeper(files, folder, decodeBoots(boots));
    keeper.#active = decodeGeneration(active ?? '');
    keeper.#previous = decodeGeneration(previous ?? '');
    if (active !== undefined && keeper.#active === undefined) keeper.#damaged = keeper.#path('active.json');
    keeper.#history = decodeRecords(history);
    keeper.#pending = decodePending(change);
    return keeper;
  }

  /** Reads what there is, and ends what a cut left half done. */
  static async open(files: FileSystem, stateFolder: string): Promise<ConfigKeeper> {
    const keeper = await ConfigKeeper.read(files, stateFolder);
    try {
      await keeper.#recover();
    } catch (error) {
      keeper.#trouble = messageOf(error); // It is tried again at the next start.
    }
    return keeper;
  }

  get active(): Generation | undefined {
    return this.#active;
  }

  get previous(): Generation | undefined {
    return this.#previous;
  }

  /** The latest last. */
  get history(): readonly ChangeRecord[] {
    return this.#history;
  }

  /** Why what a cut left behind could not be put in order. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The file of the config taken last, where that is there and is none. */
  get damaged(): string | undefined {
    return this.#damaged;
  }

  get boots(): Boots {
    return this.#boots;
  }

  /** How a change ended that nobody was told of yet. */
  get untold(): ChangeRecord | undefined {
    const pending = this.#pending;
    return pending === undefined ? undefined : this.#history.find((record) => isSameChange(record, pending));
  }

  /** Calls back with the content of each config that is taken while running, once it is durable. */
  onCommit(committed: (content: string) => void): void {
    this.#committed = committed;
  }

  async begin(pending: PendingChange, next: Generation): Promise<void> {
    this.#pending = pending;
    await this.#write('change.json', encodePending(pending));
    await this.#write('staged.json', encodeGeneration(next));
  }

  /** `before`: what ran until now. */
  async commit(next: Generation, before: Generation): Promise<void> {
    await this.#write('previous.json', encodeGeneration(before));
    this.#previous = before;
    await this.#forgive(next);
    this.#active = next; // Also where the rename breaks: it may have taken effect, and has to be taken back.
    await this.#files.rename(this.#path('staged.json'), this.#path('active.json'));
    await this.#conclude({ status: 'successful' });
    this.#committed(contentOf(next.value));
  }

  /** Also after a commit that broke: then the config of before is brought back. */
  async abandon(end: Omit<ChangeRecord, keyof PendingChange>): Promise<void> {
    if (this.#pending !== undefined && this.#isActive(this.#pending)) await this.#bringBack();
    await this.#conclude(end);
    await this.#files.remove(this.#path('staged.json'));
  }

  /** Whoever asked has been told, or will be whatever happens. */
  async told(): Promise<void> {
    this.#pending = undefined;
    await this.#files.remove(this.#path('change.json'));
  }

  /** The config file of the board was changed: it is the config from here on, until it fails and `before` comes back. */
  async adopt(next: Generation, before: Generation): Promise<void> {
    const isKept = before === this.#previous;
    this.#previous = before;
    this.#active = next; // Also where the disk takes nothing: then the next start finds the change again.
    if (!isKept) await this.#write('previous.json', encodeGeneration(before));
    await this.#forgive(next);
    await this.#write('active.json', encodeGeneration(next));
  }

  /** The config file as it ran last, on a board that has taken no config while running. */
  async readFileCopy(): Promise<Generation | undefined> {
    return decodeGeneration((await this.#files.read(this.#path('file.json'))) ?? '');
  }

  /** For when that file is damaged: of a board with another config the last one of those is there. */
  async keepFileCopy(file: Generation): Promise<void> {
    if (this.#active !== undefined || this.#previous !== undefined) return;
    const known = await this.readFileCopy();
    const isSame = known?.author === file.author && contentOf(known.value) === contentOf(file.value);
    if (!isSame) await this.#write('file.json', encodeGeneration(file)); // One write per change of the file.
  }

  async keepBoots(boots: Boots): Promise<void> {
    this.#boots = boots;
    await this.#write('boots.json', `${JSON.stringify(boots)}\n`);
  }

  /** Somebody wants it again: what made it fail may be mended. */
  async #forgive({ value }: Generation): Promise<void> {
    const content = contentOf(value);
    const failed = this.#boots.failed.filter((other) => other !== content);
    if (failed.length < this.#boots.failed.length) await this.keepBoots({ ...this.#boots, failed });
  }

  async #recover(): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    const isNew = this.#isActive(pending);
    const known = this.untold?.status;
    if (known === 'failed' && isNew) await this.#bringBack();
    else if (known === undefined && isNew) await this.#conclude({ status: 'successful' });
    else if (known !== 'failed' && !isNew) await this.#conclude(interrupted);
    await this.#files.remove(this.#path('staged.json'));
  }

  /** Versions alone repeat: behind one that was given up, its number is given again. */
  #isActive({ to, version, atMs }: PendingChange): boolean {
    const active = this.#active;
    return active?.version === version && active.atMs === atMs && contentOf(active.value) === to;
  }

  /** A rename, because it needs no room on the disk. */
  async #bringBack(): Promise<void> {
    await this.#files.rename(this.#path('previous.json'), this.#path('active.json'));
    this.#active = this.#previous;
    this.#previous = undefined;
  }

  async #conclude(end: Omit<ChangeRecord, keyof PendingChange>): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    const others = this.#history.filter((record) => !isSameChange(record, pending));
    this.#history = [...others, { ...pending, ...end }].slice(-configHistoryCountMax);
    await this.#write('history.json', encodeRecords(this.#history));
  }

  async #write(name: string, text: string): Promise<void> {
    await this.#files.replace(this.#path(name), text);
  }

  #path(name: string): string {
    return path.join(this.#folder, name);
  }
}

const interrupted = {
  status: 'failed',
  reason: 'interrupted',
  detail: 'the agent ended in the middle of it; the config of before runs',
  rollback: 'restored',
} as const;
