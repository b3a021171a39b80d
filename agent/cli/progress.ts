import type { CliContext, Verb } from './verb.ts';

/** Nothing is said about what is done within this time. */
const patienceMs = 1_000;

export interface Progress extends Disposable {
  /** The same world, which says what is being done as soon as nothing was printed for a second. */
  readonly context: CliContext;
}

/** `show` writes the line where a person sees it, over the one before; undefined takes it away. */
export function openProgress(
  context: CliContext,
  { busy }: Verb,
  show: ((line: string | undefined) => void) | undefined,
): Progress {
  if (show === undefined || busy === undefined) return { context, [Symbol.dispose]() {} };
  const { clock } = context;
  const sinceMs = clock.monotonicMs();
  let doing = busy;
  let isShown = false;
  let timer: Disposable | undefined;
  const arm = () => {
    timer?.[Symbol.dispose]();
    timer = clock.after(patienceMs, () => {
      isShown = true;
      show(`${doing} … ${Math.round((clock.monotonicMs() - sinceMs) / 1_000)} s`);
      arm();
    });
  };
  const hide = () => {
    if (isShown) show(undefined);
    isShown = false;
  };
  arm();
  return {
    context: {
      ...context,
      out(line) {
        hide();
        context.out(line);
        arm();
      },
      err(line) {
        hide();
        context.err(line);
        arm();
      },
      progress(text) {
        doing = text;
      },
    },
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      hide();
    },
  };
}
