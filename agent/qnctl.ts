import { decodeVerb } from './cli/decode.ts';
import { encodeVerb } from './cli/encode.ts';
import { healthVerb } from './cli/health.ts';
import { notifyVerb } from './cli/notify.ts';
import { runProcess } from './cli/process.ts';
import { queryVerb } from './cli/query.ts';
import { watchVerb } from './cli/watch.ts';

/** `qnctl`, the program for people: from anywhere that reaches the broker. */
void runProcess({
  name: 'qnctl',
  summary: 'Talks to nodes over QN topics.',
  verbs: [queryVerb, notifyVerb, watchVerb, healthVerb, decodeVerb, encodeVerb],
});
