import { createHash } from 'node:crypto';
import type { Log } from '../log.ts';
import { readBesideParts } from './beside-parts.ts';
import { refusalAnswer } from './http-answer.ts';
import type { HttpRoute } from './http-server.ts';

/**
 * The status page, and the description of the interface. Nothing of the board is in either, so they need no token. They
 * are read when they are asked for: a board that nobody looks at does not keep them in memory.
 */
export function pageRoutes(log: Log): readonly HttpRoute[] {
  return [
    fileRoute(log, '/', 'status-page.html', (page) => ({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(page),
    })),
    fileRoute(log, '/openapi.json', 'openapi.json', () => ({ 'content-type': 'application/json' })),
  ];
}

function fileRoute(
  log: Log,
  path: string,
  file: string,
  headersOf: (text: string) => { readonly [name: string]: string },
): HttpRoute {
  return {
    path,
    method: 'GET',
    isOpen: true,
    async answer() {
      try {
        const text = await readBesideParts(file);
        return { code: 200, body: text, headers: headersOf(text) };
      } catch (err) {
        log.warn({ err, file }, 'a file of the HTTP side cannot be read');
        return refusalAnswer({ reason: 'internal', detail: `${file} is not beside the program; install it anew` }, 500);
      }
    },
  };
}

/** Exactly its own script and style run, and it talks to nobody but this board. */
function policyOf(page: string): string {
  const hashOf = (name: string) => {
    const [, text = ''] = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page) ?? [];
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  };
  return [
    "default-src 'none'",
    `script-src ${hashOf('script')}`,
    `style-src ${hashOf('style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
