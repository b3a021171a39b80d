import { styleText } from 'node:util';
import type { CliContext } from './verb.ts';

const styles = { strong: 'bold', faint: 'dim', good: 'green', bad: 'red', doubtful: 'yellow' } as const;

/** Colour never says anything alone: the words are the same without. */
export function paint({ isColourful = false }: CliContext, style: keyof typeof styles, text: string): string {
  return isColourful ? styleText(styles[style], text, { validateStream: false }) : text;
}
