import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeWithBrowser, openBrowser, type Page } from '../support/browser.ts';
import { hasMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { type Rig, startRig } from '../support/rig.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.button1: { driver: gpio-in, line: GPIO27 }',
  'serial.scale: { driver: serial-line, port: /dev/no-such-port, baud: 9600 }',
];

const relay = '[data-document="gpio.relay1"]';
const textOf = (selector: string) => `document.querySelector('${selector}')?.textContent`;
const valueIs = (value: string) => `${textOf(`${relay} .value`)} === '${value}'`;
const isAsking = `document.querySelector('#confirm').open`;

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 }); // Three processes a test, one of them a browser.

describeWithBrowser('the status page', () => {
  describe.skipIf(!hasMosquitto)('of a board that may be commanded', () => {
    const stack = new AsyncDisposableStack();
    let rig: Rig;
    let page: Page;
    let url = '';

    beforeAll(async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}/`;
      const sections = `http: { port: ${port}, write: true }`;
      rig = stack.use(await startRig({ documents, lines: ['GPIO17', 'GPIO27'], sections }));
      page = stack.use(await openBrowser());
    });

    afterAll(() => stack.disposeAsync());

    async function open(isOn: boolean, width = 1_280, height = 900): Promise<void> {
      await rig.say('notify/gpio.relay1', isOn ? 'ON' : 'OFF');
      await page.resize(width, height, width < 600);
      await page.open(url);
      await page.until(valueIs(isOn ? 'on' : 'off'));
    }

    it('shows a change that came over MQTT, what happened, and what is wrong', async () => {
      await open(false);
      await rig.say('notify/gpio.relay1', 'ON');
      await page.until(valueIs('on'), 'the change on the page');
      expect(await page.evaluate(`document.querySelector('${relay} .switch').getAttribute('aria-checked')`)).toBe(
        'true',
      );
      await page.until(
        `[...document.querySelectorAll('#events tr')].some((row) => row.textContent.includes('gpio.relay1'))`,
      );
      await page.until(`${textOf('#trouble')}.includes('/dev/no-such-port')`);
      expect(await page.evaluate(`document.querySelector('#trouble').hidden`)).toBe(false);
      expect([await page.evaluate(textOf('#status')), await page.evaluate(textOf('#node'))]).toEqual([
        'degraded',
        'pi-1',
      ]);
    });

    it('shows the log, with new lines on top', async () => {
      await open(false);
      await page.until(`[...document.querySelectorAll('#log tr')].some((row) => row.textContent.includes('warn'))`);
      await rig.say('notify/log', '{"level":"debug","for":"1m"}');
      await rig.say('notify/gpio.relay1', '{"val":'); // Cut short.
      const found = `[...document.querySelectorAll('#log tr')].find((row) => row.textContent.includes('message refused'))`;
      await page.until(`${found}?.textContent.includes('document=gpio.relay1')`, 'the line on the page');
      expect(await page.evaluate(textOf('#log-level'))).toBe('level debug');
      await rig.say('notify/log', 'warn');
      await page.until(`${textOf('#log-level')} === 'level warn'`);
    });

    it('switches a pin after a question, and not when the answer is no', async () => {
      await open(false);
      const before = rig.transitionCount('GPIO17');
      await page.click(`${relay} .switch`);
      await page.until(isAsking);
      expect(await page.evaluate(textOf('#confirm-title'))).toBe('Switch gpio.relay1 on?');
      await page.press('Escape');
      await page.until(`!${isAsking}`);
      expect([rig.wire('GPIO17'), rig.transitionCount('GPIO17')]).toEqual(['0', before]);
      await page.click(`${relay} .switch`);
      await page.until(isAsking);
      await page.click('#confirm-yes');
      await page.until(`${textOf(`${relay} .note`)} === 'switched on'`, 'the outcome on the page');
      expect([rig.wire('GPIO17'), rig.transitionCount('GPIO17')]).toEqual(['1', before + 1]);
    });

    it('hears the answer to a question asked while the browser still has to tell of the one before', async () => {
      await open(false);
      await page.click(`${relay} .switch`);
      await page.until(isAsking);
      // In one task: the event that tells of the closing is still to come when it is asked again.
      await page.evaluate(
        `document.querySelector('#confirm').close('no'), document.querySelector('${relay} .switch').click()`,
      );
      await page.until(isAsking);
      await page.click('#confirm-yes');
      await page.until(valueIs('on'), 'the relay to be on');
      expect(rig.wire('GPIO17')).toBe('1');
    });

    it('works with the keyboard alone', async () => {
      await open(false);
      await page.evaluate(`document.querySelector('${relay} .switch').focus()`);
      await page.press(' ');
      await page.until(isAsking);
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
      await page.press('Tab');
      await page.press('Enter');
      await page.until(valueIs('on'), 'the relay to be on');
      expect(rig.wire('GPIO17')).toBe('1');
    });

    it('asks nobody but the board, and breaks no rule of its own policy', async () => {
      await open(false);
      await page.until(`document.querySelector('#command-chart').hasAttribute('aria-label')`);
      const strangers = page.requests.filter((asked) => !asked.startsWith(url) && !asked.startsWith('data:'));
      expect(page.requests.length).toBeGreaterThan(5);
      expect([strangers, page.faults]).toEqual([[], []]);
    });

    it.each(['light', 'dark'] as const)(
      'fits a phone, with names and contrast for everything, in %s',
      async (scheme) => {
        await page.colours(scheme);
        await open(false, 360, 740);
        await page.until(`document.querySelector('#command-chart').hasAttribute('aria-label')`);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(await page.evaluate(tooSmall)).toEqual([]);
        expect(await page.evaluate(unnamed)).toEqual([]);
        expect(await page.evaluate(contrastFaults)).toEqual([]);
      },
    );

    it('says so when the broker is away, goes on switching, and when the agent is away', async () => {
      await open(false);
      await rig.broker.kill();
      await page.until(`${textOf('#status')} === 'no broker' && ${textOf('#notice')}.startsWith('No broker: ')`);
      await page.click(`${relay} .switch`);
      await page.until(isAsking);
      await page.click('#confirm-yes');
      await page.until(valueIs('on'), 'the relay to be on');
      expect(rig.wire('GPIO17')).toBe('1');
      await rig.agent.end('SIGKILL');
      await page.until(`${textOf('#status')} === 'no answer' && document.body.dataset.stale === 'true'`);
    });
  });

  it.skipIf(!hasMosquitto)('asks for the token, and only tells where writing is not allowed', async () => {
    process.env['QN_PAGE_TOKEN'] = 'a-token-of-enough-bytes';
    const port = await freePort();
    const sections = `http: { port: ${port}, token: "env:QN_PAGE_TOKEN" }`;
    await using _rig = await startRig({ documents, lines: ['GPIO17', 'GPIO27'], sections });
    await using page = await openBrowser();
    await page.open(`http://127.0.0.1:${port}/`);
    await page.until(`document.querySelector('#access').hidden === false`);
    await page.evaluate(`document.querySelector('#token').focus()`);
    await page.type('not the right one');
    await page.press('Enter');
    await page.until(`${textOf('#access-fault')} !== ''`);
    await page.evaluate(`document.querySelector('#token').select()`);
    await page.type('a-token-of-enough-bytes');
    await page.press('Enter');
    await page.until(valueIs('off'));
    expect(await page.evaluate(`document.querySelector('${relay} .switch').disabled`)).toBe(true);
    expect(await page.evaluate(textOf('#documents .hint'))).toContain('Read only');
  });
});

/** Too small for a finger: less than 24 px either way (WCAG 2.5.8). */
const tooSmall = `[...document.querySelectorAll('button, summary, input')]
  .filter((element) => element.checkVisibility() && !element.closest('dialog'))
  .filter((element) => { const box = element.getBoundingClientRect(); return box.height < 24 || box.width < 24; })
  .map((element) => element.outerHTML)`;

const unnamed = `[...document.querySelectorAll('button, input, output, [role=img], [role=region]')]
  .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.getAttribute('aria-labelledby')))
  .map((element) => element.outerHTML)`;

/** Words with less than 4.5 : 1 to what is behind them (WCAG 1.4.3), as the browser paints them. */
const contrastFaults = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour, under) => {
    canvas.fillStyle = under; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const paper = getComputedStyle(document.body).backgroundColor;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faults = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest('script, style, .skip, dialog')) continue;
    const ratio = (light(rgb(paper, '#fff')) + 0.05) / (light(rgb(getComputedStyle(element).color, paper)) + 0.05);
    if (Math.max(ratio, 1 / ratio) < 4.5) faults.push(element.textContent.slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return faults;
})()`;
