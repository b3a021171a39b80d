import { ok, type Result } from '../../../drivers/contract/result.ts';
import type { ChipLayout } from '../../../drivers/gpiochip/resolve.ts';
import type { NativeFailure, NativeGpio, NativeResult } from '../../../drivers/native/addon.ts';

/** What a kernel would answer, for answers that gpio-sim cannot be made to give. The real kernel is in test/board. */
export interface KernelScript {
  readonly chips: readonly ChipLayout[];
  readonly fails?: {
    readonly [Call in 'open' | 'line' | 'request' | 'get' | 'configure' | 'watch']?: { code: string; call: string };
  };
  readonly consumer?: string;
  /** What a line that nobody holds has. */
  readonly found?: 0n | 1n;
}

export interface ScriptedKernel {
  readonly load: () => Result<NativeGpio>;
  /** Handles that are open. */
  readonly open: ReadonlySet<object>;
  /** What was done to lines, in order. */
  readonly told: readonly string[];
  /** Edges at the line that is watched: level and number of each. */
  happen(...edges: readonly (readonly [level: 0 | 1, lineSequence: number])[]): void;
  /** The chip of the line that is watched is gone. */
  unplug(): void;
}

export function createScriptedKernel({ chips, fails = {}, consumer = '', found = 0n }: KernelScript): ScriptedKernel {
  const open = new Set<object>();
  const lines = new Set<object>();
  const told: string[] = [];
  const handles = new Map<object, ChipLayout>();
  const failure = (name: keyof typeof fails): NativeFailure | undefined => {
    const planned = fails[name];
    return planned === undefined ? undefined : { ok: false, text: 'as the script says', ...planned };
  };
  const opened = (layout: ChipLayout): NativeResult<object> => {
    const handle = {};
    open.add(handle);
    handles.set(handle, layout);
    return { ok: true, value: handle };
  };
  const layoutOf = (handle: object): ChipLayout => {
    const layout = handles.get(handle);
    if (layout === undefined || !open.has(handle)) throw new Error('used a handle that is not open');
    return layout;
  };
  const nothing: NativeResult<void> = { ok: true, value: undefined };
  let listener: Parameters<NativeGpio['watch']>[1] = () => {};
  const native: NativeGpio = {
    open: (path) => failure('open') ?? opened(chips.find((chip) => chip.path === path)!),
    info: (chip) => ({
      ok: true,
      value: { name: '', label: layoutOf(chip).label, linesCount: layoutOf(chip).lineNames.length },
    }),
    line: (chip, offset) =>
      failure('line') ?? {
        ok: true,
        value: { name: layoutOf(chip).lineNames[offset]!, consumer, flags: consumer === '' ? 0 : 1 },
      },
    request(chip, { flags }) {
      told.push(`request ${flags}`);
      const requested = failure('request') ?? opened(layoutOf(chip));
      if (requested.ok) lines.add(requested.value);
      return requested;
    },
    set: () => nothing,
    get: () => failure('get') ?? { ok: true, value: found },
    configure(handle, flags, values) {
      layoutOf(handle);
      told.push(`configure ${flags} ${values}`);
      return failure('configure') ?? nothing;
    },
    watch(_lines, watcher) {
      listener = watcher;
      return failure('watch') ?? nothing;
    },
    close(handle) {
      if (lines.has(handle)) told.push('close');
      open.delete(handle);
      return nothing;
    },
    counts: () => ({ open: open.size, finalized: 0 }),
    sendLines: () => nothing,
    receiveLines: () => ({ ok: false, code: 'EAGAIN', text: 'as the script says', call: 'recvmsg' }),
    setRs485: () => ({ ok: false, code: 'ENOTTY', text: 'as the script says', call: 'TIOCSRS485' }),
    sdNotify: () => nothing,
    clockErrorUs: () => ({ ok: false, code: 'EPERM', text: 'as the script says', call: 'adjtimex' }),
    tellParentEnd: () => nothing,
  };
  const happen: ScriptedKernel['happen'] = (...edges) => {
    const value = edges.map(([level, lineSequence]) => {
      return { level, lineSequence, sequence: lineSequence, offset: 0, atNs: BigInt(lineSequence) };
    });
    listener({ ok: true, value });
  };
  const unplug = () => listener({ ok: false, code: 'ENODEV', text: 'as the script says', call: 'read' });
  return { load: () => ok(native), open, told, happen, unplug };
}
