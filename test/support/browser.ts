import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe } from 'vitest';
import { addressOf, connect } from './dev-tools.ts';

/** Debian's Chromium, driven over its DevTools protocol: one socket, no package. */
const program = ['chromium', 'chromium-browser'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Without Chromium the tests are listed as skipped, with the reason. */
export function describeWithBrowser(name: string, body: () => void): void {
  if (program === undefined) describe.skip(`${name} (chromium is not installed)`, body);
  else describe(name, body);
}

/** A page on a busy machine may take its time. */
const timeoutMs = 15_000;

async function untilTrue(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(20);
  }
}

export interface Page extends AsyncDisposable {
  open(url: string): Promise<void>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until the expression is true in the page. */
  until(expression: string, what?: string): Promise<void>;
  /** Presses the mouse in the middle of the element, as a person does: what covers it is hit instead. */
  click(selector: string): Promise<void>;
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
  resize(width: number, height: number, isMobile?: boolean): Promise<void>;
  colours(scheme: 'light' | 'dark'): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** Everything it asked for since it was opened. */
  readonly requests: readonly string[];
  /** Errors of scripts and of the security policy. */
  readonly faults: readonly string[];
}

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-port=0'],
];

export async function openBrowser(): Promise<Page> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-browser-'));
  const child = spawn(program ?? 'chromium', [...flags, `--user-data-dir=${folder}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const devTools = await connect(await addressOf(child));
  const { targetInfos } = (await devTools.send('Target.getTargets')) as {
    targetInfos: { type: string; targetId: string }[];
  };
  const target = targetInfos.find(({ type }) => type === 'page');
  const { sessionId } = (await devTools.send('Target.attachToTarget', {
    targetId: target?.targetId,
    flatten: true,
  })) as { sessionId: string };
  const send = (method: string, params: object = {}) => devTools.send(method, params, sessionId);
  const requests: string[] = [];
  const faults: string[] = [];
  devTools.onEvent((method, params) => {
    if (method === 'Network.requestWillBeSent') requests.push((params as { request: { url: string } }).request.url);
    if (method === 'Runtime.exceptionThrown') faults.push(JSON.stringify(params));
    if (method === 'Log.entryAdded') {
      const { entry } = params as { entry: { source: string; level: string; text: string } };
      if (entry.source === 'security' || entry.source === 'javascript') faults.push(entry.text);
    }
  });
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await send(`${domain}.enable`);

  const evaluate = async (expression: string) => {
    const answer = (await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })) as {
      result: { value?: unknown };
      exceptionDetails?: { text: string };
    };
    if (answer.exceptionDetails !== undefined)
      throw new Error(`${expression}: ${JSON.stringify(answer.exceptionDetails)}`);
    return answer.result.value;
  };

  return {
    requests,
    faults,
    evaluate,
    async open(url) {
      requests.length = 0;
      await send('Page.navigate', { url });
      await untilTrue(async () => (await evaluate('document.readyState')) === 'complete', `${url} to load`);
    },
    until: (expression, what = expression) => untilTrue(async () => (await evaluate(expression)) === true, what),
    async click(selector) {
      const text = JSON.stringify(selector);
      const box = `(() => { const e = document.querySelector(${text}); e.scrollIntoView({ block: 'center' }); const { x, y, width, height } = e.getBoundingClientRect(); return [x + width / 2, y + height / 2]; })()`;
      const [x, y] = (await evaluate(box)) as [number, number];
      const mouse = { x, y, button: 'left', clickCount: 1 };
      await send('Input.dispatchMouseEvent', { type: 'mousePressed', ...mouse });
      await send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...mouse });
    },
    async press(key) {
      const codes: { readonly [name: string]: number } = { Enter: 13, Tab: 9, Escape: 27, ' ': 32 };
      const text = key === 'Enter' ? '\r' : key === ' ' ? ' ' : undefined;
      const code = {
        key,
        code: key === ' ' ? 'Space' : key,
        windowsVirtualKeyCode: codes[key] ?? 0,
        ...(text === undefined ? {} : { text }),
      };
      await send('Input.dispatchKeyEvent', { type: 'keyDown', ...code });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...code });
    },
    type: async (text) => void (await send('Input.insertText', { text })),
    async resize(width, height, isMobile = false) {
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: isMobile ? 2 : 1,
        mobile: isMobile,
      });
    },
    async colours(scheme) {
      await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    },
    async screenshot() {
      const { data } = (await send('Page.captureScreenshot', { captureBeyondViewport: true })) as { data: string };
      return Buffer.from(data, 'base64');
    },
    async [Symbol.asyncDispose]() {
      devTools.close();
      const gone = new Promise((resolve) => child.once('exit', resolve));
      kill();
      await gone;
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
