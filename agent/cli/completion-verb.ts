import type { Shell } from './completion.ts';
import { exitCodes, isSet, type Verb } from './verb.ts';

const shells: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** `verbs`: what is completed; asked for late, because this verb is one of them. */
export function completionVerb(program: string, verbs: () => readonly Verb[]): Verb {
  return {
    name: 'completion',
    operands: shells.join('|'),
    summary: 'Prints what a shell needs to complete verbs and options.',
    options: {},
    examples: [
      `source <(${program} completion bash)`,
      `${program} completion zsh > ~/.zfunc/_${program}`,
      `${program} completion fish > ~/.config/fish/completions/${program}.fish`,
    ],
    exits: { 0: 'printed' },
    async run(context, [wanted], options) {
      const shell = shells.find((name) => name === wanted);
      if (shell === undefined) {
        context.err(`${program} completion: no completion for ${wanted}; take one of ${shells.join(', ')}`);
        return exitCodes.usage;
      }
      const { completionOf } = await import('./completion.ts');
      const text = completionOf(shell, program, verbs());
      context.out(isSet(options, 'json') ? JSON.stringify({ shell, text }) : text);
      return exitCodes.ok;
    },
  };
}
