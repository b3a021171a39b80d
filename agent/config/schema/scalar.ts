import * as v from 'valibot';
import { nearestName } from '../nearest.ts';
import { describeInput, message } from './issue.ts';

/** Any text of one line and 1 to `bytesMax` bytes; `what` names it in messages. */
export function text(what: string, bytesMax: number) {
  return v.pipe(
    v.string(({ input }) => message(`expected ${what}, found ${describeInput(input)}`, quoteFix(input))),
    v.check(isOneLine, `${what} must not hold control characters`),
    v.minLength(1, `${what} is empty`),
    v.maxBytes(bytesMax, `${what} is longer than ${bytesMax} bytes`),
  );
}

/** systemd starts the agent in the root folder, a shell anywhere: so only absolute paths mean the same for both. */
export function absolutePath(what: string) {
  return v.pipe(
    text(what, 4_096),
    v.startsWith('/', ({ input }) => message(`${what} is a relative path: ${describeInput(input)}`, 'begin it with /')),
  );
}

export function integer(what: string, min: number, max: number) {
  const wrong = ({ input }: { readonly input: unknown }) =>
    message(`expected ${what} from ${min} to ${max}, found ${describeInput(input)}`, unquoteFix(input));
  return v.pipe(v.number(wrong), v.integer(wrong), v.minValue(min, wrong), v.maxValue(max, wrong));
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]) {
  return v.picklist(words, ({ input }) => {
    const nearest = typeof input === 'string' ? nearestName(input, words) : undefined;
    const fix = nearest === undefined ? undefined : `did you mean ${nearest}?`;
    return message(`expected ${words.join(' or ')}, found ${describeInput(input)}`, fix);
  });
}

/** One of a few numbers. */
export function numberChoice<const Choice extends number>(numbers: readonly Choice[]) {
  return v.picklist(numbers, ({ input }) =>
    message(`expected ${numbers.join(' or ')}, found ${describeInput(input)}`, unquoteFix(input)),
  );
}

/** `on`, `off`, true, false. In YAML 1.2 the first two are text. */
export function onOff(about: string) {
  return v.pipe(
    v.union([v.picklist(['on', 'off']), v.boolean()], ({ input }) =>
      message(`expected on or off, found ${describeInput(input)}`),
    ),
    v.description(about),
    v.transform((word) => isOn(word)),
  );
}

/** On, off, `hold` or `release`. */
export function onOffHoldRelease(about: string) {
  return v.pipe(
    v.union([v.picklist(['on', 'off', 'hold', 'release']), v.boolean()], ({ input }) =>
      message(`expected on, off, hold or release, found ${describeInput(input)}`),
    ),
    v.description(about),
    v.transform((word) => (word === 'hold' || word === 'release' ? word : isOn(word))),
  );
}

/** The same, or `hold`. */
export function onOffHold(about: string) {
  return v.pipe(
    v.union([v.picklist(['on', 'off', 'hold']), v.boolean()], ({ input }) =>
      message(`expected on, off or hold, found ${describeInput(input)}`),
    ),
    v.description(about),
    v.transform((word) => (word === 'hold' ? word : isOn(word))),
  );
}

export function listOf<const Item extends v.GenericSchema>(
  item: Item,
  what: string,
  countMax: number,
  example = '[a, b]',
) {
  return v.pipe(
    v.array(item, ({ input }) => message(`expected a list of ${what}, found ${describeInput(input)}`, example)),
    v.maxLength(countMax, ({ requirement, received }) => `${received} ${what}, only ${requirement} are possible`),
  );
}

function isOn(word: string | boolean): boolean {
  return word === 'on' || word === true;
}

/** No control characters; not by a pattern: to compile one of Unicode takes half a millisecond of each start. */
function isOneLine(input: string): boolean {
  for (let index = 0; index < input.length; index += 1) {
    const unit = input.charCodeAt(index);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return false;
  }
  return true;
}

export function unquoteFix(input: unknown): string | undefined {
  return typeof input === 'string' && /^-?\d+(\.\d+)?$/.test(input) ? `without quotes: ${input}` : undefined;
}

function quoteFix(input: unknown): string | undefined {
  return typeof input === 'number' || typeof input === 'boolean' ? `put it in quotes: "${String(input)}"` : undefined;
}
