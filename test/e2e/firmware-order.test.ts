import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keysVerb } from '../../agent/cli/keys.ts';
import { recordContext } from '../agent/cli/context.ts';
import { runProgram } from '../support/agent-process.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { fieldOf, type Heard, type Wanted } from '../support/heard.ts';
import { startImageServer } from '../support/image-server.ts';
import { hasMosquitto } from '../support/mosquitto.ts';
import { openRig, type Rig } from '../support/rig.ts';
import { optibootMissing } from '../support/uno.ts';
import { openUnoBench, type UnoBench, type UnoProgram } from '../support/uno-bench.ts';
import { until } from '../support/until.ts';

const missing = optibootMissing ?? (hasMosquitto ? undefined : 'apt install mosquitto');
const what = 'an order for the program of a microcontroller';
const mcu = 'firmware.mcu0';

describe.skipIf(missing !== undefined)(`${what}${missing ? ` (${missing})` : ''}`, { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack();
  let certificates: Certificates;
  let bench: UnoBench;
  let rig: Rig;

  const keyOf = (name: string) => path.join(certificates.folder, `${name}.key`);
  const makeKey = async (name: string, roles: string) => {
    const context = { ...recordContext(), env: { QN_KEYS: certificates.folder } };
    expect(await keysVerb.run(context, ['new', name], { roles })).toBe(0);
    return context.outLines.join('\n');
  };
  const flash = ({ hexFile }: UnoProgram, ...args: readonly string[]) =>
    runProgram('qnctl', ['mcu', 'flash', 'pi-1', mcu, hexFile, ...args], { env: { QN_URL: rig.broker.url } });
  /** Of what comes from now on. */
  const hearNext = (wanted: Omit<Wanted, 'test'> & { readonly message?: (message: Heard['message']) => boolean }) => {
    const count = rig.listener.all.length;
    const { message: test = () => true, ...rest } = wanted;
    const isNew = (heard: Heard) => rig.listener.all.indexOf(heard) >= count && test(heard.message);
    return rig.hear({ ...rest, test: isNew }, 60_000);
  };
  const linkUp = (version: string) =>
    hearNext({ verb: 'event', document: mcu, message: ({ val }) => fieldOf(val, 'firmware') === version });
  const restart = async (version: string) => {
    await rig.agent.end('SIGTERM');
    const up = linkUp(version);
    await rig.start();
    await up;
  };

  beforeAll(async () => {
    certificates = stack.use(await makeCertificates());
    bench = stack.use(await openUnoBench(certificates.folder));
    const sections = await makeKey('builder', 'firmware');
    await makeKey('stranger', 'firmware');
    const update = `update: { over: stk500, ca: ${certificates.folder}/ca.pem }`;
    const documents = [`${mcu}: { driver: mcu, port: ${bench.port}, reset: { line: GPIO4 }, ${update} }`];
    rig = stack.use(await openRig({ documents, lines: ['GPIO4'], sections }));
    bench.wireReset(rig.board, 'GPIO4');
    const up = linkUp(bench.first.version);
    await rig.start();
    await up;
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  it('is taken from a key that is trusted for it, and from nobody else', async () => {
    const { first, second } = bench;
    expect(await flash(second)).toMatchObject({ code: 1, err: expect.stringContaining('unauthenticated') });
    const strange = await flash(second, '--sign', keyOf('stranger'));
    expect(strange).toMatchObject({ code: 1, err: expect.stringContaining('unauthenticated') });
    expect(await bench.inFlash()).toBe(first);
    expect(await flash(second, '--sign', keyOf('builder'))).toMatchObject({
      code: 0,
      out: expect.stringContaining('is written, verified, and runs'),
    });
    expect(await bench.inFlash()).toBe(second);
  });

  it('waits at the broker for a board that is away, which fetches the image over HTTPS and writes it, once', async () => {
    const { first } = bench;
    await using server = await startImageServer(certificates, await readFile(first.hexFile));
    await rig.agent.end('SIGTERM');
    const order = ['--from', server.url, '--retain', '--sign', keyOf('builder'), '--timeout', '1s'];
    const left = await flash(first, ...order);
    expect(left).toMatchObject({ code: 0, out: expect.stringContaining('the order waits for it at the broker') });
    const ended = hearNext({ verb: 'ack', document: mcu, status: 'successful' });
    await rig.start();
    await ended;
    expect(await bench.inFlash()).toBe(first);
    expect(server.ranges).toEqual([undefined]);

    const again = hearNext({ verb: 'ack', document: mcu, status: 'duplicate' });
    await restart(first.version);
    expect(fieldOf((await again).message.val, 'status')).toBe('successful');
    expect(server.ranges).toHaveLength(1);
  });

  it('that is being fetched when the agent is stopped goes on in its next life, under the same id', async () => {
    const { second } = bench;
    const image = Buffer.concat([await readFile(second.hexFile), Buffer.from('\n')]);
    const hexFile = path.join(certificates.folder, 'slow.hex');
    await writeFile(hexFile, image);
    await using server = await startImageServer(certificates, image, { stallsAfterBytes: 1_000 });
    const flashing = flash({ ...second, hexFile }, '--from', server.url, '--sign', keyOf('builder'));
    await hearNext({ verb: 'ack', document: mcu, status: 'executing' });
    await until(() => server.ranges.length > 0, 'it is being fetched');
    const count = rig.listener.all.length;
    await rig.agent.end('SIGTERM');
    await rig.start();
    expect(await flashing).toMatchObject({ code: 0, out: expect.stringContaining('is written, verified, and runs') });
    expect(await bench.inFlash()).toBe(second);
    const ends = rig.listener.all.slice(count).filter(({ verb, document }) => verb === 'ack' && document === mcu);
    const told = ends.map(({ message }) => 'st' in message && message.st);
    expect([told.includes('failed'), told.at(-1)]).toEqual([false, 'successful']);
  });

  it('by URL to a board that is there is followed to its end, and nothing of it stays at the broker', async () => {
    const { second } = bench;
    await using server = await startImageServer(certificates, await readFile(second.hexFile));
    const done = await flash(second, '--from', server.url, '--retain', '--sign', keyOf('builder'));
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('is written, verified, and runs') });
    expect(await bench.inFlash()).toBe(second);
    await restart(second.version);
    const count = rig.listener.all.length;
    await rig.say(`notify/${mcu}.out1`, 'OFF'); // Behind what the broker would have had.
    await hearNext({ verb: 'ack', document: `${mcu}.out1`, status: 'successful' });
    const told = rig.listener.all.slice(count).filter(({ verb, document }) => verb === 'ack' && document === mcu);
    expect(told).toEqual([]);
  });

  it('for an image whose hash is another one ends there, and the old program runs on', async () => {
    const { first, second } = bench;
    const third = Buffer.concat([await readFile(first.hexFile), Buffer.from('\n')]); // One that the board never saw.
    const hexFile = path.join(certificates.folder, 'third.hex');
    await writeFile(hexFile, third);
    third[40] = (third[40] ?? 0) ^ 1;
    await using server = await startImageServer(certificates, third);
    const told = await flash({ ...first, hexFile }, '--from', server.url, '--sign', keyOf('builder'));
    expect(told).toMatchObject({ code: 1, err: expect.stringContaining('bad-signature') });
    expect(await bench.inFlash()).toBe(second);
    const list = await runProgram('qnctl', ['mcu', 'list', 'pi-1'], { env: { QN_URL: rig.broker.url } });
    expect(list.out).toContain(`link up  firmware ${second.version}`);
  });

  it('goes on with what arrived of its image before, whoever sent that', async () => {
    const { first } = bench;
    const image = await readFile(first.hexFile);
    const named = { piece: createHash('sha256').update(image).digest('hex'), size: image.length };
    const here = Math.trunc(image.length / 2);
    const data = { $b64: image.subarray(0, here).toString('base64') };
    const staged = hearNext({ verb: 'ack', document: mcu, status: 'successful' });
    await rig.say(`notify/${mcu}`, JSON.stringify({ ...named, offset: 0, data }));
    await staged;
    const count = rig.listener.all.length;
    await sleep(1_000); // Of two orders signed in one second the second is refused (QN-7.8g).
    const done = await flash(first, '--sign', keyOf('builder'));
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(await bench.inFlash()).toBe(first);
    const sent = rig.listener.all.slice(count).filter(({ verb, document }) => verb === 'notify' && document === mcu);
    const offsets = sent.map(({ message }) => fieldOf(message.val, 'offset')).filter((offset) => offset !== undefined);
    expect(offsets).toEqual([here]);
  });

  it.each([
    ['an address without TLS', ['--from', 'http://localhost/x.hex'], 'an address like https://host/firmware.bin'],
    ['an order to wait without an address', ['--retain'], 'with --from only'],
  ])('%s is refused by qnctl', async (_, args, text) => {
    expect(await flash(bench.first, ...args)).toMatchObject({ code: 64, err: expect.stringContaining(text) });
  });
});
