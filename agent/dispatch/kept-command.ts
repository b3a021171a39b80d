import { traceOf } from '../observe/trace.ts';
import { codecs } from '../qn/registry.ts';
import type { Answerable } from './acknowledge.ts';

/** What the journal keeps of a command, so that it can be answered or resumed in another life of the agent. */
export interface KeptCommand extends Pick<Answerable, 'replyTopic' | 'correlationData' | 'traceparent' | 'encoding'> {
  /** The message as it came; only where it is needed again. */
  readonly payload?: Uint8Array;
  readonly contentType?: string;
}

/** Undefined when there is nothing to keep: the answer goes where all answers go. */
export function encodeKept(kept: KeptCommand): Uint8Array | undefined {
  const { replyTopic: to, correlationData, traceparent: trace, encoding, payload, contentType: type } = kept;
  const code = encoding === 'json' ? undefined : encoding;
  const text = JSON.stringify({ to, trace, type, code, data: base64(correlationData), body: base64(payload) });
  return text === '{}' ? undefined : Buffer.from(text);
}

/** What cannot be understood is left out: another version of the agent may have written it. */
export function decodeKept(bytes: Uint8Array | undefined): KeptCommand {
  const record: unknown = bytes === undefined ? {} : parsed(bytes);
  const text = (key: string) => (isRecord(record) && typeof record[key] === 'string' ? record[key] : undefined);
  const replyTopic = text('to');
  const traceparent = traceOf(text('trace'));
  const contentType = text('type');
  const encoding = codecs.find(({ name }) => name === text('code'))?.name;
  const [data, body] = [text('data'), text('body')];
  return {
    ...(replyTopic === undefined ? {} : { replyTopic }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(data === undefined ? {} : { correlationData: Buffer.from(data, 'base64') }),
    ...(body === undefined ? {} : { payload: Buffer.from(body, 'base64') }),
  };
}

function base64(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('base64');
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return {}; // Nothing that can be understood, see above.
  }
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
