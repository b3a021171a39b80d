import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { addonFile } from '../../drivers/native/addon-file.ts';
import { projectFolder } from '../support/agent-process.ts';

/** The next long-term version: a board may come with it. It is fetched once, for this test only. */
const version = '26.10.0';
const cpu = process.arch;
const cache = path.join(projectFolder, '.cache', `node-${version}-${cpu}`);
const node = path.join(cache, 'package/bin/node');
const addon = addonFile('gpiochip.node');
const missing = existsSync(addon) ? fetchNode() : 'npm run build:native';

/** Why there is none; undefined when there is. */
function fetchNode(): string | undefined {
  if (existsSync(node)) return undefined;
  mkdirSync(path.dirname(cache), { recursive: true });
  const draft = mkdtempSync(`${cache}-`);
  try {
    const options = ['pack', '--silent', '--pack-destination', draft, `node-linux-${cpu}@${version}`];
    execFileSync('npm', options, { stdio: 'ignore', timeout: 120_000 });
    const [archive = ''] = readdirSync(draft);
    execFileSync('tar', ['-xzf', archive, 'package/bin/node'], { cwd: draft });
    renameSync(draft, cache);
    return undefined;
  } catch {
    return `npm has no node-linux-${cpu}@${version} for us`;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

describe.skipIf(missing !== undefined)(`on Node ${version}${missing === undefined ? '' : ` (${missing})`}`, () => {
  test('the same native file loads, and answers as it does here', () => {
    const script = `
      const addon = { exports: {} };
      process.dlopen(addon, ${JSON.stringify(addon)});
      console.log(JSON.stringify([process.version, addon.exports.open('/dev/null'), addon.exports.counts()]));`;
    const [found, opened, counts] = JSON.parse(execFileSync(node, ['-e', script], { encoding: 'utf8' }));
    expect(found).toBe(`v${version}`);
    expect(opened).toMatchObject({ ok: false, code: 'ENOTTY', call: 'GPIO_GET_CHIPINFO_IOCTL' });
    expect(counts).toEqual({ open: 0, finalized: 0 });
  });
});
