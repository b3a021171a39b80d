import type { Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import type { BridgeClock } from '../clock.ts';
import { uploadAnswer, uploadPacket } from './image-messages.ts';
import type { SmpLine } from './line.ts';
import type { SmpError } from './request.ts';
import { newUpload, stepUpload, type UploadInput } from './upload.ts';

export interface ImageToSend {
  readonly bytes: Uint8Array;
  /** Of all bytes: how the other side knows that this is what it has in part. */
  readonly sha: Uint8Array;
  readonly chunkBytes: number;
}

/** Plays the upload machine on a line, from where the other side is. */
export async function sendImage(
  clock: BridgeClock,
  line: SmpLine,
  { bytes, sha, chunkBytes }: ImageToSend,
  onProgress: (sentBytes: number, totalBytes: number) => void,
): Promise<Result<void, SmpError>> {
  const { promise, resolve } = Promise.withResolvers<Result<void, SmpError>>();
  let state = newUpload(bytes, sha, chunkBytes);
  let timer: Disposable | undefined;
  const step = (input: UploadInput) => {
    const { state: next, effects } = stepUpload(state, input, clock.monotonicMs());
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'request')
        void line.send(uploadPacket(effect.seq, effect.request)); // Lost: sent again.
      else if (effect.kind === 'progress') onProgress(effect.sentBytes, effect.totalBytes);
      else if (effect.kind === 'done') resolve(ok());
      else resolve(fail({ reason: effect.reason === 'timeout' ? 'timeout' : 'refused', detail: effect.detail }));
    }
    timer?.[Symbol.dispose]();
    if (state.phase === 'running')
      timer = clock.after(Math.max(0, state.dueMs - clock.monotonicMs()), () => step({ kind: 'tick' }));
  };
  line.onPacket((packet) => {
    if (packet === undefined) return resolve(fail({ reason: 'closed', detail: line.closed ?? 'the port is gone' }));
    const answer = uploadAnswer(packet);
    if (answer !== undefined) step({ kind: 'answer', answer });
  });
  if (line.closed !== undefined) return fail({ reason: 'closed', detail: line.closed });
  step({ kind: 'begin' });
  const result = await promise;
  line.onPacket(() => {});
  timer?.[Symbol.dispose]();
  return result;
}
