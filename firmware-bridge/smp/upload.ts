import { smpAnswerMsMax, smpChunkAnswerMs, smpImageBytesMax, smpStallsMax, smpTriesMax } from './limits.ts';

/** What one upload request says; `len` and `sha` only at offset 0. */
export interface UploadRequest {
  readonly off: number;
  readonly data: Uint8Array;
  readonly len?: number;
  readonly sha?: Uint8Array;
  readonly image?: number;
}

/** What the other side answered: 0 or an error of MCUmgr, and the offset it wants next. */
export interface UploadAnswer {
  readonly seq: number;
  readonly rc: number;
  readonly off?: number;
}

export type UploadInput =
  | { readonly kind: 'begin' }
  | { readonly kind: 'answer'; readonly answer: UploadAnswer }
  | { readonly kind: 'tick' };

export type UploadEffect =
  | { readonly kind: 'request'; readonly seq: number; readonly request: UploadRequest }
  | { readonly kind: 'progress'; readonly sentBytes: number; readonly totalBytes: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: UploadFailure; readonly detail: string };

/** timeout: no answer in smpTriesMax tries · refused: the other side said why · stalled: it asks for the same again and again. */
export type UploadFailure = 'timeout' | 'refused' | 'stalled';

/**
 * The upload of one image, as a value. The other side says at which offset to go on: after a restart of either side the
 * first request, with the same hash, is answered with how much is there already, and the upload resumes.
 */
export interface UploadState {
  readonly image: Uint8Array;
  readonly sha: Uint8Array;
  readonly chunkBytes: number;
  readonly phase: 'ready' | 'running' | 'done' | 'failed';
  readonly off: number;
  readonly seq: number;
  readonly tries: number;
  readonly stalls: number;
  readonly dueMs: number;
}

export interface UploadStep {
  readonly state: UploadState;
  readonly effects: readonly UploadEffect[];
}

/** The image must stay untouched. An empty or too large one is the caller's mistake. */
export function newUpload(image: Uint8Array, sha: Uint8Array, chunkBytes: number): UploadState {
  if (image.length === 0 || image.length > smpImageBytesMax) throw new RangeError(`image of ${image.length} bytes`);
  const at = { off: 0, seq: 0, tries: 0, stalls: 0, dueMs: Number.POSITIVE_INFINITY };
  return { image, sha, chunkBytes, phase: 'ready', ...at };
}

export function stepUpload(state: UploadState, input: UploadInput, nowMs: number): UploadStep {
  switch (input.kind) {
    case 'begin':
      return state.phase === 'ready' ? request({ ...state, phase: 'running' }, nowMs) : nothing(state);
    case 'answer':
      return state.phase === 'running' ? take(state, input.answer, nowMs) : nothing(state);
    case 'tick':
      return state.phase === 'running' && nowMs >= state.dueMs ? again(state, nowMs) : nothing(state);
  }
}

function nothing(state: UploadState): UploadStep {
  return { state, effects: [] };
}

function request(state: UploadState, nowMs: number): UploadStep {
  const { image, sha, off, chunkBytes } = state;
  const data = image.subarray(off, off + chunkBytes);
  const seq = (state.seq + 1) & 0xff; // A late answer to an earlier sending is known by it.
  const next = { ...state, seq, tries: state.tries + 1, dueMs: nowMs + answerMs(state) };
  const body = off === 0 ? { off, data, len: image.length, sha, image: 0 } : { off, data };
  return { state: next, effects: [{ kind: 'request', seq, request: body }] };
}

/** The first request may make the other side erase its flash; later ones are answered soon, or lost. */
function answerMs({ off, tries }: UploadState): number {
  return off === 0 ? smpAnswerMsMax : Math.min(smpAnswerMsMax, smpChunkAnswerMs * 2 ** tries);
}

function again(state: UploadState, nowMs: number): UploadStep {
  if (state.tries < smpTriesMax) return request(state, nowMs);
  return fail(state, 'timeout', `no answer at offset ${state.off} in ${smpTriesMax} tries`);
}

function take(state: UploadState, answer: UploadAnswer, nowMs: number): UploadStep {
  if (answer.seq !== state.seq) return nothing(state);
  if (answer.rc !== 0) return fail(state, 'refused', `refused with rc ${answer.rc} at offset ${state.off}`);
  const { off } = answer;
  const totalBytes = state.image.length;
  if (off === undefined || off > totalBytes)
    return fail(state, 'refused', `an answer with offset ${off} of ${totalBytes}`);
  // Going back is allowed, when the other side began anew, but not for ever.
  const stalls = off > state.off ? 0 : state.stalls + 1;
  if (stalls > smpStallsMax)
    return fail(state, 'stalled', `offset ${off} was asked for after ${state.off}, ${stalls} times`);
  const progress: UploadEffect = { kind: 'progress', sentBytes: off, totalBytes };
  const moved = { ...state, off, stalls, tries: 0 };
  if (off === totalBytes) {
    return {
      state: { ...moved, phase: 'done', dueMs: Number.POSITIVE_INFINITY },
      effects: [progress, { kind: 'done' }],
    };
  }
  const next = request(moved, nowMs);
  return { state: next.state, effects: [progress, ...next.effects] };
}

function fail(state: UploadState, reason: UploadFailure, detail: string): UploadStep {
  const failed = { ...state, phase: 'failed', dueMs: Number.POSITIVE_INFINITY } as const;
  return { state: failed, effects: [{ kind: 'failed', reason, detail }] };
}
