import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { HttpAnswer } from './http-answer.ts';
import { refusalAnswer } from './http-answer.ts';

/** Who may ask over a listening socket. */
export interface HttpAccess {
  /** Everybody's browser can reach it, so strangers are kept out. False: a Unix socket, where the file says who may. */
  readonly isTcp: boolean;
  /** Names of this machine besides the loopback; empty while nobody else can reach it. */
  readonly names: ReadonlySet<string>;
  /** What a request over TCP must carry. */
  readonly token?: string;
}

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Why a request is not answered; undefined when nothing speaks against it. `isOpen`: what it asks for is no secret, such
 * as the frame of the status page.
 */
export function accessFault(headers: IncomingHttpHeaders, access: HttpAccess, isOpen: boolean): HttpAnswer | undefined {
  if (!access.isTcp) return undefined;
  const stranger = strangerFault(headers, access.names);
  if (stranger !== undefined) return refusalAnswer({ reason: 'not-permitted', detail: stranger });
  if (isOpen || access.token === undefined || isBearer(headers.authorization, access.token)) return undefined;
  const detail = 'send the token of http.token in the header Authorization: Bearer …';
  return {
    ...refusalAnswer({ reason: 'unauthenticated', detail }, 401),
    headers: { 'www-authenticate': 'Bearer realm="qn-agent"' },
  };
}

/** Somebody who proved who he is: by the rights of the socket, or by the token. Not: everybody of this machine. */
export function isProved({ isTcp, token }: HttpAccess): boolean {
  return !isTcp || token !== undefined;
}

/**
 * Why a request over TCP does not come from a program or page of this machine. A page of the web can make a browser send
 * requests here: by a name that now resolves to us (then Host is that name), or straight to the address (then Origin or
 * Sec-Fetch-Site tells). An address in Host cannot be pointed somewhere else. A page of another port of this machine is of
 * somebody else, too: through a tunnel it may be that of another board.
 */
export function strangerFault(
  { host, origin, ...headers }: IncomingHttpHeaders,
  names: HttpAccess['names'] = new Set(),
): string | undefined {
  const own = host === undefined ? undefined : `http://${host}`;
  if (own === undefined || !isOwnUrl(own, names)) return `host ${host ?? 'missing'} is not this machine`;
  if (origin !== undefined && !isSameHost(origin, own)) return `origin ${origin} is not ${host}, which was asked`;
  return headers['sec-fetch-site'] === 'cross-site' ? 'a page of another site may not ask' : undefined;
}

function isOwnUrl(url: string, names: HttpAccess['names']): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  if (loopbackNames.has(hostname)) return true;
  return names.size > 0 && (names.has(hostname) || isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0);
}

function isSameHost(origin: string, own: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(own).host;
}

/** In the same time whatever is wrong with it. */
function isBearer(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}
