const tokenKey = 'qn-token';

/** How a request ended: what came, or that the board wants a token, or that it does not answer. */
export type Answer =
  | { readonly is: 'answered'; readonly code: number; readonly text: string }
  | { readonly is: 'unauthenticated' }
  | { readonly is: 'unreachable' };

export function setToken(token: string): void {
  sessionStorage.setItem(tokenKey, token);
}

function headers(): HeadersInit {
  const token = sessionStorage.getItem(tokenKey);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

export async function get(path: string): Promise<Answer> {
  return await ask(path, { headers: headers(), signal: AbortSignal.timeout(10_000) });
}

export async function post(path: string, body: object): Promise<Answer> {
  return await ask(path, { method: 'POST', headers: headers(), body: JSON.stringify(body) });
}

async function ask(path: string, request: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(path, request);
    const text = await response.text();
    return response.status === 401 ? { is: 'unauthenticated' } : { is: 'answered', code: response.status, text };
  } catch {
    return { is: 'unreachable' }; // The agent is not there, or the way to it is not.
  }
}

/** Events of the server until it ends; by hand, because EventSource can carry no token. */
export async function* events(path: string, signal: AbortSignal): AsyncGenerator<{ event: string; data: string }> {
  const response = await fetch(path, { headers: headers(), signal });
  if (!response.ok || response.body === null) return;
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${rest}${chunk}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) yield { event, data };
    }
  }
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      clearInterval(timer);
      resolve();
    }, ms);
  });
}
