import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import { systemError } from '../../drivers/system-error.ts';
import { replaceFile } from '../replace-file.ts';
import { imagesCountMax } from './limits.ts';
import { type Marker, markerText, parseMarker } from './marker.ts';

/** Which image is meant: its SHA-256, and how long it is. */
export interface ImageName {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** wrong-offset: the piece does not follow what is there · wrong-hash: all is there, and it is another image. */
export type StagingFault =
  | { readonly kind: 'wrong-offset'; readonly stagedBytes: number }
  | { readonly kind: 'wrong-hash' }
  | { readonly kind: 'disk'; readonly error: DriverError };

/**
 * The images of one microcontroller in a folder of their own: `<sha256>.part` while it arrives, `<sha256>.image` when it
 * is whole, and `state.json`. What a call resolved with is durable: the file is flushed, and its folder after a rename.
 */
export interface Staging {
  /** Bytes of it that are there. What a cut left whole, and not looked at, is looked at now. */
  stagedBytes(image: ImageName): Promise<number>;
  /** Appends; a piece that is there already is fine. Resolves with what is there then. */
  put(image: ImageName, offset: number, data: Uint8Array): Promise<Result<number, StagingFault>>;
  /** Whole and with the right hash; undefined: it is not there. A damaged one is thrown away. */
  read(image: ImageName): Promise<Uint8Array | undefined>;
  /** Until its disposal this one is not thrown away to make room for another one. */
  hold(image: ImageName): Disposable;
  /** Throws away what is there of an image that is not whole. */
  drop(image: ImageName): Promise<void>;
  marker(): Promise<Marker | undefined>;
  mark(marker: Marker): Promise<Result<void, StagingFault>>;
}

export function openStaging(folder: string): Staging {
  const partOf = ({ sha256 }: ImageName) => path.join(folder, `${sha256}.part`);
  const imageOf = (sha256: string) => path.join(folder, `${sha256}.image`);
  const markerFile = path.join(folder, 'state.json');
  const held = new Set<string>(); // One: a microcontroller is written with one image at a time.
  const attempt = async <Value>(
    act: () => Promise<Result<Value, StagingFault>>,
  ): Promise<Result<Value, StagingFault>> => {
    try {
      return await act();
    } catch (cause) {
      return fail({ kind: 'disk', error: systemError(cause, { operation: 'stage', resource: folder }) });
    }
  };
  const staging: Staging = {
    async stagedBytes(image) {
      if ((await sizeOf(imageOf(image.sha256))) === image.sizeBytes) return image.sizeBytes;
      const bytes = (await sizeOf(partOf(image))) ?? 0;
      if (bytes < image.sizeBytes) return bytes;
      const completed = await attempt(() => complete(folder, partOf(image), image)); // A cut came before it.
      return completed.ok ? completed.value : 0;
    },
    put: (image, offset, data) =>
      attempt(async () => {
        const stagedBytes = await staging.stagedBytes(image);
        if (offset + data.length <= stagedBytes) return ok(stagedBytes); // QN-7.8b: delivered again.
        if (offset > stagedBytes) return fail({ kind: 'wrong-offset', stagedBytes });
        if (stagedBytes === 0) await makeRoom(folder, [image.sha256, (await staging.marker())?.sha256, ...held]);
        await append(partOf(image), stagedBytes, data.subarray(stagedBytes - offset));
        const now = offset + data.length;
        return now < image.sizeBytes ? ok(now) : await complete(folder, partOf(image), image);
      }),
    async read(image) {
      await staging.stagedBytes(image);
      const file = imageOf(image.sha256);
      const bytes = await readOf(file);
      if (bytes === undefined || hashOf(bytes) === image.sha256) return bytes;
      // Else it would count as there, and never be sent again. Where the disk takes nothing, that does not matter.
      await rm(file, { force: true }).catch(() => {});
      return undefined;
    },
    hold({ sha256 }) {
      held.add(sha256);
      return { [Symbol.dispose]: () => held.delete(sha256) };
    },
    drop: (image) => rm(partOf(image), { force: true }),
    async marker() {
      const bytes = await readOf(markerFile);
      return bytes === undefined ? undefined : parseMarker(Buffer.from(bytes).toString());
    },
    mark: (marker) =>
      attempt(async () => {
        await replaceFile(markerFile, markerText(marker));
        return ok();
      }),
  };
  return staging;
}

/** What a cut left behind the offset is written over. Of a piece that does not fit nothing stays: others need the last room, too. */
async function append(file: string, offset: number, data: Uint8Array): Promise<void> {
  await using handle = await open(file, offset === 0 ? 'w' : 'r+');
  try {
    // A disk that is nearly full takes a part of it, and no error is told before the next part.
    for (let at = 0; at < data.length; )
      at += (await handle.write(data, at, data.length - at, offset + at)).bytesWritten;
    await handle.sync();
  } catch (cause) {
    await handle.truncate(offset).catch(() => {}); // Then a part stays, and the next try goes on behind it.
    throw cause;
  }
}

async function complete(
  folder: string,
  part: string,
  { sha256, sizeBytes }: ImageName,
): Promise<Result<number, StagingFault>> {
  const bytes = await readFile(part);
  if (bytes.length !== sizeBytes || hashOf(bytes) !== sha256) {
    await rm(part, { force: true });
    return fail({ kind: 'wrong-hash' });
  }
  await rename(part, path.join(folder, `${sha256}.image`));
  await using handle = await open(folder, 'r');
  await handle.sync();
  return ok(sizeBytes);
}

/** Only the image that runs and the one that is being written stay beside the new one. */
async function makeRoom(folder: string, kept: readonly (string | undefined)[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = (await readdir(folder)).filter((name) => /\.(part|image)$/.test(name));
  const strangers = files.filter((name) => !kept.includes(path.parse(name).name));
  if (files.length < imagesCountMax) return;
  for (const name of strangers) await rm(path.join(folder, name), { force: true });
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch {
    return undefined; // It is not there; anything else is told when it is written.
  }
}

async function readOf(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined; // As if it was not there: then it is sent again.
  }
}
