import { writeSync } from 'node:fs';
import { systemClock } from '../../agent/clock.ts';
import { silentLog } from '../../agent/log.ts';
import { openStore } from '../../agent/store/open-store.ts';
import { stored, storeProgram } from './store-rigs.ts';

/*
 * node store-appender.ts FOLDER COUNT [ANSWER_MS_MAX]: puts messages into the store of that folder, three at a time, and tells each line
 * `ok TEXT` when it is durable (`no TEXT KIND` when it failed), as it is told; trouble as `state KIND`. Ends when COUNT
 * calls were answered, without closing the store: as a crash would.
 */
const [folder = '', count = '100', answerMsMax = '30000'] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);
const store = stored(
  await openStore({
    folder,
    program: storeProgram,
    clock: systemClock,
    log: silentLog,
    limits: { probeMsMin: 20, probeMsMax: 40, logPagesMax: 100, answerMsMax: Number(answerMsMax) },
    onTrouble: ({ kind }) => say(`state ${kind}`),
  }),
);
say(`state ${store.state}`);
const life = `${process.pid}-${store.outbox.lastSequence}`;
let number = 0;

async function append(): Promise<void> {
  number += 1;
  const text = `${life}-${number}`;
  const document = 'gpio.relay1';
  const bytes = Buffer.from(text.padEnd(50 + (number % 7) * 300, '.'));
  const rest = { topic: 'a/b', qos: 1, retain: false, policy: 'keep', properties: {}, document } as const;
  const put = await store.outbox.put({ ...rest, bytes });
  if (put.ok) say(`ok ${text}`);
  else {
    say(`no ${text} ${put.error.kind}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

while (number < Number(count)) await Promise.all([append(), append(), append()]);
process.kill(process.pid, 'SIGKILL');
