import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { download } from '../../../agent/firmware/download.ts';
import { downloadMsMax, downloadTriesMax } from '../../../agent/firmware/limits.ts';
import { openStaging } from '../../../agent/firmware/staging.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { type ImageServerOptions, startImageServer } from '../../support/image-server.ts';

const image = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff);
const name = { sha256: createHash('sha256').update(image).digest('hex'), sizeBytes: image.length };

describe('a download', () => {
  let certificates: Certificates;
  let root: string;
  beforeAll(async () => {
    certificates = await makeCertificates();
    root = await mkdtemp(path.join(tmpdir(), 'qn-download-'));
  });
  afterAll(async () => {
    await certificates[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  async function fetchFrom(options: ImageServerOptions, more: { readonly ca?: string; readonly size?: number } = {}) {
    const staging = openStaging(await mkdtemp(path.join(root, 'images-')));
    await using server = await startImageServer(certificates, image, options);
    const steps: number[] = [];
    const clock = { ...systemClock, after: (ms: number, act: () => void) => systemClock.after(ms / 100, act) };
    const parts = { clock, staging, signal: new AbortController().signal, onProgress: (at: number) => steps.push(at) };
    const ca = more.ca ?? certificates.pem['ca.pem'];
    const wanted = { ...name, sizeBytes: more.size ?? name.sizeBytes };
    const result = await download({ ...parts, ca }, wanted, server.url);
    return { result, steps, server, image: await staging.read(name), stagedBytes: await staging.stagedBytes(name) };
  }

  it('brings the image, a piece after the other', async () => {
    const { result, steps, image: got } = await fetchFrom({});
    expect(result).toEqual({ ok: true });
    expect(got).toEqual(Buffer.from(image));
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.at(-1)).toBe(image.length);
  });

  it('goes on where it was cut, as often as that brings something', async () => {
    const { result, server, image: got } = await fetchFrom({ cutAfterBytes: 70_000 });
    expect(result).toEqual({ ok: true });
    expect(got).toEqual(Buffer.from(image));
    expect(server.ranges[0]).toBeUndefined();
    const starts = server.ranges.flatMap((range) =>
      range === undefined ? [] : [Number(/^bytes=(\d+)-$/.exec(range)?.[1])],
    );
    expect(starts.length).toBeGreaterThanOrEqual(1);
    expect(starts).toEqual(starts.toSorted((left, right) => left - right));
    expect(starts[0]).toBeGreaterThan(0);
  });

  it('begins anew with a server that does not know Range, and gives up when that never brings it', async () => {
    const { result, image: got } = await fetchFrom({ knowsRange: false, cutAfterBytes: 70_000 });
    expect(result).toMatchObject({ ok: false, error: { reason: 'driver-timeout' } });
    expect(got).toBeUndefined();
  });

  it('gives up when every answer ends too early as if it was whole', async () => {
    const { result, server } = await fetchFrom({ knowsRange: false, endsAfterBytes: 70_000 });
    const detail = expect.stringContaining('ended after 70000 of 200000 bytes');
    expect(result).toEqual({ ok: false, error: { reason: 'driver-timeout', detail } });
    expect(server.ranges.length).toBeLessThanOrEqual(downloadTriesMax + 1);
  });

  it.each([
    ['body', /broke off: \d+ bytes a second came, and 1024 are the least/],
    ['headers', /nothing came for 30 s/],
  ] as const)('gives up after a few tries when every answer is fed in drops (%s)', async (drips, detail) => {
    const { result, server } = await fetchFrom({ drips });
    expect(result).toEqual({
      ok: false,
      error: { reason: 'driver-timeout', detail: expect.stringMatching(detail) },
    });
    expect(server.ranges).toHaveLength(downloadTriesMax);
  });

  it('ends when all of it takes too long, also in the middle of an answer', async () => {
    const staging = openStaging(await mkdtemp(path.join(root, 'images-')));
    await using server = await startImageServer(certificates, image, { drips: 'body' });
    const after = (ms: number, act: () => void) => systemClock.after(ms === downloadMsMax ? 500 : ms, act);
    const parts = { clock: { ...systemClock, after }, staging, signal: new AbortController().signal, onProgress() {} };
    const result = await download({ ...parts, ca: certificates.pem['ca.pem'] }, name, server.url);
    const detail = 'the image did not come within 30 min: 0 of 200000 bytes are here';
    expect(result).toEqual({ ok: false, error: { reason: 'driver-timeout', detail } });
  });

  it('goes on behind an answer that ended too early, where that brings something', async () => {
    const { result, image: got } = await fetchFrom({ endsAfterBytes: 70_000 });
    expect(result).toEqual({ ok: true });
    expect(got).toEqual(Buffer.from(image));
  });

  it('checks the certificate whatever the environment says', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const { result } = await fetchFrom({}, { ca: '' });
      expect(result).toMatchObject({ ok: false, error: { detail: expect.stringMatching(/certificate/) } });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  it('trusts nobody with an empty text of certificates, also not those of the system', async () => {
    const ofSystem = getCACertificates();
    setDefaultCACertificates([...ofSystem, certificates.pem['ca.pem'] ?? '']);
    try {
      const { result } = await fetchFrom({}, { ca: '' });
      expect(result).toMatchObject({ ok: false, error: { detail: expect.stringMatching(/certificate/) } });
    } finally {
      setDefaultCACertificates(ofSystem);
    }
  });

  it.each<[string, ImageServerOptions, { ca?: string; size?: number }, string, RegExp]>([
    ['a certificate of a stranger', {}, { ca: '' }, 'driver-timeout', /certificate/],
    ['a file of another length', {}, { size: 100 }, 'malformed', /the server has 200000 bytes, and the order says 100/],
    ['more than was told', { extraBytes: 10 }, {}, 'malformed', /the server has more bytes/],
    ['no such file', { status: 404 }, {}, 'driver-absent', /status 404/],
    ['a redirect', { status: 302 }, {}, 'driver-absent', /status 302/],
  ])('of %s is refused', async (_, options, more, reason, detail) => {
    const { result } = await fetchFrom(options, more);
    expect(result).toEqual({ ok: false, error: { reason, detail: expect.stringMatching(detail) } });
  });
});
