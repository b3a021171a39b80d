import { expect, test } from 'vitest';
import { contentOf } from '../../../agent/config/generations/generation.ts';
import { hashNext } from '../../../agent/config/hash-next.ts';
import { openHome, plainOf } from '../../support/config-home.ts';

const text = 'node: pi-1\nmqtt: { brokers: [{ url: "mqtt://h" }] }\nstate-folder: /nowhere\n';
const inUse = 'hash of what is in use';

async function next(file: string): Promise<unknown> {
  return await hashNext(
    await openHome({ text: file, stateFolder: '/nowhere' }),
    { file: contentOf(plainOf(text)) },
    inUse,
  );
}

test('a restart goes on with what is in use while the config file is the one of then', async () => {
  expect(await next(text)).toEqual({ ok: true, value: inUse });
  expect(await next(`# A comment.\n${text}`)).toEqual({ ok: true, value: inUse });
});

test('a restart goes over to a config file that was changed since', async () => {
  const { candidate } = await openHome({ text: `${text}groups: [a]\n`, stateFolder: '/nowhere' });
  expect(await next(`${text}groups: [a]\n`)).toEqual({ ok: true, value: candidate.checked.hash });
});

test('a config file that cannot be read is told with its fault', async () => {
  const message = 'not there any more';
  const load = async () => ({ ok: false, error: [{ file: 'config.yaml', pointer: '', message }] }) as const;
  expect(await hashNext({ load }, {}, inUse)).toMatchObject({ ok: false, error: expect.stringContaining(message) });
});
