import type { Reason, Refusal } from '../qn/reason.ts';

/** What a request is answered with. */
export interface HttpAnswer {
  readonly code: number;
  /** JSON text, unless a header says otherwise. */
  readonly body: string;
  readonly headers?: { readonly [name: string]: string };
}

const codesOfReasons: { readonly [reason in Reason]?: number } = {
  malformed: 400,
  'out-of-range': 400,
  'too-large': 413,
  'unknown-document': 404,
  'not-permitted': 403,
  unauthenticated: 401,
};

export function refusalAnswer({ reason, detail }: Pick<Refusal, 'reason' | 'detail'>, code?: number): HttpAnswer {
  return {
    code: code ?? codesOfReasons[reason] ?? 503,
    body: JSON.stringify({ status: 'refused', reason, detail }),
  };
}
