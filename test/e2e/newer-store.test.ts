import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openRig } from '../support/rig.ts';

test('an agent that cannot open the store of a newer one says so in its health, with the way out', {
  timeout: 60_000,
}, async () => {
  await using rig = await openRig({ documents: ['gpio.a: { driver: gpio-out, line: GPIO17 }'], lines: ['GPIO17'] });
  const folder = path.join(rig.folder, 'state', 'store');
  await mkdir(folder, { recursive: true });
  {
    using database = new DatabaseSync(path.join(folder, 'store.db'));
    database.exec('PRAGMA user_version = 99');
  }
  const birth = await rig.start();
  await rig.say('notify/gpio.a', '{"id": "1", "val": "toggle"}');
  const { message } = await rig.hear({ verb: 'ack', document: 'gpio.a' });
  expect(message).toMatchObject({ st: 'rejected', why: 'not-durable' });
  expect(birth.message.val).toMatchObject({
    status: 'degraded',
    store: { state: 'newer', fix: expect.stringContaining('install the newer agent again') },
    degrade_level: 1,
    switched_off: ['journal'],
    why: [expect.stringMatching(/^store: newer: /)],
  });
});
