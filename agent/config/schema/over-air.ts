import * as v from 'valibot';
import * as limits from '../limits.ts';
import { choice } from './scalar.ts';
import { section } from './section.ts';
import { duration } from './unit.ts';

const trust = v.pipe(
  choice(['keys', 'none']),
  v.description('Who may push a config: who has a key, or everybody whom the broker lets publish. Only in the file.'),
);

const verify = duration({
  about: 'A new config must have proved itself within this time, or the last good one comes back.',
  example: '30s',
  msMin: limits.configVerifyMsMin,
  msMax: limits.configVerifyMsMax,
});

/** `config`: how this board takes a new config over the air. */
export const overAirSection = v.pipe(
  section({ trust: v.optional(trust, 'keys'), verify: v.optional(verify, '30s') }),
  v.description('How this board takes a new config over the air.'),
);
