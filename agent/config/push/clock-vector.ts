import { clockVectorAuthorsMax } from '../../trust/limits.ts';
import type { Config } from '../config.ts';
import { localAuthor } from '../generations/boot-config.ts';
import type { ClockVector } from '../generations/generation.ts';

/** No board keeps a full one: there is always room for whoever counts on next. */
export function isFull(vc: ClockVector): boolean {
  return Object.keys(vc).length >= clockVectorAuthorsMax;
}

/**
 * Without the authors that no trusted key has: nobody can count on for them, so nobody has to know how far they got. What
 * remains is never full. `author`: who counts on, with a key or without.
 */
export function onlyCounting(vc: ClockVector, { keys }: Config['trust'], author: string): ClockVector {
  const counting = new Set([localAuthor, author, ...keys.map((key) => key.author)]);
  return Object.fromEntries(Object.entries(vc).filter(([name]) => counting.has(name)));
}
