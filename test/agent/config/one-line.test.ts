import * as v from 'valibot';
import { expect, it } from 'vitest';
import { text } from '../../../agent/config/schema/scalar.ts';

it('takes a text of one line, and none with a character that Unicode calls control', () => {
  const schema = text('a name', 100);
  for (let unit = 0; unit <= 0xffff; unit += 1) {
    const character = String.fromCharCode(unit);
    expect(v.is(schema, `a${character}b`), `U+${unit.toString(16)}`).toBe(!/\p{Cc}/u.test(character));
  }
});
