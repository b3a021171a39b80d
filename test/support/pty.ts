import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Why pty tests cannot run here; undefined when they can. For the title of what is skipped. */
export const ptyMissing: string | undefined =
  spawnSync('socat', ['-V'], { stdio: 'ignore' }).status === 0 ? undefined : 'socat is not installed';

/** Two ptys joined back to back by socat. When one side is closed, socat ends and the other side hangs up. */
export interface PtyPair extends AsyncDisposable {
  readonly left: string;
  readonly right: string;
}

/** `links`: other names for the two, which vanish with them. */
export async function openPtyPair(links?: { readonly left: string; readonly right: string }): Promise<PtyPair> {
  const end = 'pty,raw,echo=0';
  const ends = links === undefined ? [end, end] : [`${end},link=${links.left}`, `${end},link=${links.right}`];
  const socat = spawn('socat', ['-d', '-d', ...ends], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(socat, 'exit');
  const names: string[] = [];
  for await (const line of createInterface({ input: socat.stderr })) {
    const name = /PTY is (\/dev\/\S+)/.exec(line)?.[1];
    if (name !== undefined) names.push(name);
    if (line.includes('starting data transfer loop')) break;
  }
  const [left, right] = names;
  if (left === undefined || right === undefined) throw new Error(`socat gave no two ptys, only: ${names.join(', ')}`);
  socat.stderr.resume();
  return {
    left,
    right,
    async [Symbol.asyncDispose]() {
      socat.kill();
      await ended;
    },
  };
}
