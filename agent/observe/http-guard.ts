import type { IncomingHttpHeaders } from 'node:http';

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Why a request over TCP does not come from a program of this machine; undefined when nothing speaks against it. A page of
 * the web can make a browser on this machine send requests here: by a name that now resolves to the loopback (then Host is
 * that name), or straight to the address (then Origin or Sec-Fetch-Site tells).
 */
export function strangerFault(headers: IncomingHttpHeaders): string | undefined {
  const { host, origin } = headers;
  if (host === undefined || !isLoopback(`http://${host}`)) return `host ${host ?? 'missing'} is not this machine`;
  if (origin !== undefined && !isLoopback(origin)) return `origin ${origin} is not this machine`;
  return headers['sec-fetch-site'] === 'cross-site' ? 'a page of another site may not ask' : undefined;
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && loopbackNames.has(new URL(url).hostname);
}
