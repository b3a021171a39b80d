import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { messageOf } from '../../drivers/system-error.ts';
import { type Clock, sleep } from '../clock.ts';
import type { Refusal } from '../qn/reason.ts';
import {
  downloadBytesPerSecondMin,
  downloadIdleMsMax,
  downloadMsMax,
  downloadPauseMsMax,
  downloadPauseMsMin,
  downloadTriesMax,
  pieceBytesMax,
} from './limits.ts';
import type { ImageName, Staging, StagingFault } from './staging.ts';

export interface DownloadDependencies {
  readonly clock: Clock;
  readonly staging: Staging;
  /** Certificates to trust instead of those of the system, PEM. */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
  onProgress(stagedBytes: number): void;
}

/** final: another try would not help. */
interface Failure {
  readonly refusal: Refusal;
  readonly isFinal: boolean;
}

/**
 * Brings an image into the staging folder over HTTPS, going on where an earlier attempt was cut (RFC 9110, Range), also one
 * of an earlier life of the agent. The certificate is verified, redirects are not followed, and not a byte more is taken
 * than the order said.
 */
export async function download(
  dependencies: DownloadDependencies,
  image: ImageName,
  url: string,
): Promise<Result<void, Refusal>> {
  const { clock, staging } = dependencies;
  const deadline = new AbortController();
  using _deadline = clock.after(downloadMsMax, () => deadline.abort());
  const signal = AbortSignal.any([dependencies.signal, deadline.signal]);
  let pauseMs = downloadPauseMsMin;
  let triesLeft = downloadTriesMax;
  for (;;) {
    const before = await staging.stagedBytes(image);
    if (before === image.sizeBytes) return ok();
    const failure = await attempt({ ...dependencies, signal }, image, url, before);
    if (failure === undefined) return ok();
    if (failure.isFinal) return fail(failure.refusal);
    const stagedBytes = await staging.stagedBytes(image);
    const hasMoved = stagedBytes > before;
    triesLeft = hasMoved ? downloadTriesMax : triesLeft - 1;
    if (deadline.signal.aborted) return fail(late(image, stagedBytes));
    if (triesLeft <= 0 || signal.aborted) return fail(failure.refusal);
    pauseMs = hasMoved ? downloadPauseMsMin : Math.min(2 * pauseMs, downloadPauseMsMax);
    await sleep(clock, pauseMs, signal);
  }
}

/** Undefined: all of it is there. */
async function attempt(
  dependencies: DownloadDependencies,
  image: ImageName,
  url: string,
  offset: number,
): Promise<Failure | undefined> {
  const opened = await openResponse(dependencies, url, offset);
  if (!opened.ok) return opened.error;
  const response = opened.value;
  try {
    const begun = await beginOf(dependencies, image, response, offset);
    return typeof begun === 'number' ? await take(dependencies, image, response, begun) : begun;
  } catch (cause) {
    return passing(`${hostOf(url)} broke off: ${messageOf(cause)}`);
  } finally {
    response.destroy();
  }
}

function openResponse(
  { clock, ca, signal }: DownloadDependencies,
  url: string,
  offset: number,
): Promise<Result<IncomingMessage, Failure>> {
  const options: RequestOptions = {
    signal,
    timeout: downloadIdleMsMax,
    rejectUnauthorized: true, // Whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED).
    headers: { 'accept-encoding': 'identity', ...(offset === 0 ? {} : { range: `bytes=${offset}-` }) },
    ...(ca === undefined ? {} : { ca: ca === '' ? [] : ca }), // An empty text would mean those of the system.
  };
  return new Promise((resolve) => {
    const asked = request(url, options, (response) => resolve(ok(response)));
    const stalled = () => asked.destroy(new Error(`nothing came for ${downloadIdleMsMax / 1_000} s`));
    const unanswered = clock.after(downloadIdleMsMax, stalled);
    asked.on('timeout', stalled);
    for (const end of ['response', 'close']) asked.on(end, () => unanswered[Symbol.dispose]());
    asked.on('error', (cause) => resolve(fail(passing(`${hostOf(url)}: ${cause.message}`))));
    asked.end();
  });
}

/** From which byte on the answer is; a server that does not know Range begins anew. */
async function beginOf(
  { staging }: DownloadDependencies,
  image: ImageName,
  { statusCode, headers }: IncomingMessage,
  offset: number,
): Promise<number | Failure> {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '');
  if (statusCode === 206 && Number(range?.[1]) === offset) {
    return Number(range?.[2]) === image.sizeBytes ? offset : final('malformed', otherSize(range?.[2], image));
  }
  if (statusCode === 200) {
    const length = headers['content-length'];
    if (length !== undefined && Number(length) !== image.sizeBytes) return final('malformed', otherSize(length, image));
    await staging.drop(image);
    return 0;
  }
  const detail = `the server of the image answers with status ${statusCode}`;
  const isPassing = statusCode === 429 || (statusCode !== undefined && statusCode >= 500);
  return isPassing ? passing(detail) : final('driver-absent', detail);
}

/** In pieces of a bounded size, each durable before the next is taken: a slow disk slows the sender. */
async function take(
  { clock, staging, onProgress }: DownloadDependencies,
  image: ImageName,
  response: IncomingMessage,
  begun: number,
): Promise<Failure | undefined> {
  let offset = begun;
  let held: Buffer = Buffer.alloc(0);
  const store = async (): Promise<Failure | undefined> => {
    if (held.length === 0) return undefined;
    const put = await staging.put(image, offset, held);
    if (!put.ok) return final(...describeStagingFault(put.error, image));
    offset += held.length;
    held = Buffer.alloc(0);
    onProgress(offset);
    return undefined;
  };
  using pace = keepPace(clock, response);
  for await (const chunk of response) {
    pace.came(chunk.length);
    held = Buffer.concat([held, chunk]);
    if (offset + held.length > image.sizeBytes) return final('malformed', otherSize('more', image));
    const fault = held.length < pieceBytesMax ? undefined : await store();
    if (fault !== undefined) return fault;
  }
  const fault = await store();
  if (fault !== undefined || offset === image.sizeBytes) return fault;
  return passing(`the answer of the server ended after ${offset} of ${image.sizeBytes} bytes`);
}

/** Cuts an answer that is fed in drops: it would hold the update up for days. */
function keepPace(clock: Clock, response: IncomingMessage): Disposable & { came(bytes: number): void } {
  let bytes = 0;
  const look = () => {
    const rate = bytes / (downloadIdleMsMax / 1_000);
    if (rate < downloadBytesPerSecondMin) {
      const detail = `${Math.round(rate)} bytes a second came, and ${downloadBytesPerSecondMin} are the least`;
      response.destroy(new Error(detail));
      return;
    }
    bytes = 0;
    timer = clock.after(downloadIdleMsMax, look);
  };
  let timer = clock.after(downloadIdleMsMax, look);
  return {
    came(count) {
      bytes += count;
    },
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}

export function describeStagingFault(fault: StagingFault, { sizeBytes }: ImageName): [Refusal['reason'], string] {
  switch (fault.kind) {
    case 'wrong-offset':
      return ['version-gap', `${fault.stagedBytes} of ${sizeBytes} bytes are there; go on from that offset`];
    case 'wrong-hash':
      return ['bad-signature', 'all bytes are there, and their SHA-256 is another one; they were thrown away'];
    case 'disk':
      return ['not-durable', fault.error.detail];
  }
}

function otherSize(found: string | undefined, { sizeBytes }: ImageName): string {
  return `the server has ${found ?? 'an unknown number of'} bytes, and the order says ${sizeBytes}`;
}

function passing(detail: string): Failure {
  return { refusal: { reason: 'driver-timeout', detail }, isFinal: false };
}

function late({ sizeBytes }: ImageName, stagedBytes: number): Refusal {
  const minutes = downloadMsMax / 60_000;
  const detail = `the image did not come within ${minutes} min: ${stagedBytes} of ${sizeBytes} bytes are here`;
  return { reason: 'driver-timeout', detail };
}

function final(reason: Refusal['reason'], detail: string): Failure {
  return { refusal: { reason, detail }, isFinal: true };
}

function hostOf(url: string): string {
  return new URL(url).host;
}
