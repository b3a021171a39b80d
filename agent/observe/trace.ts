const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** The two ids of a W3C traceparent, as log collectors know them; nothing when it is none. */
export function traceFields(traceparent: string): { readonly trace_id?: string; readonly span_id?: string } {
  const [, traceId, spanId] = traceparentPattern.exec(traceparent) ?? [];
  return traceId === undefined || spanId === undefined ? {} : { trace_id: traceId, span_id: spanId };
}

/** The text comes from strangers: what is no W3C traceparent is of no use, and may be of any length. */
export function traceOf(text: string | undefined): string | undefined {
  return text !== undefined && traceparentPattern.test(text) ? text : undefined;
}
