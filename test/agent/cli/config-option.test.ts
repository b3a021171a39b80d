import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { checkVerb } from '../../../agent/cli/check.ts';
import { recordContext } from './context.ts';

it('names an example that is where it says when there is no config file', async () => {
  const context = recordContext();
  expect(await checkVerb.run(context, ['/nowhere/config.yaml'], {})).toBe(78);
  const [place = ''] = /\/usr\S+/.exec(context.errLines.join('\n')) ?? [];
  const [folder, file = ''] = place.split('/qn-agent/');
  const deb = await readFile('build/deb/deb.ts', 'utf8');
  expect([folder, deb]).toEqual([
    '/usr/share/doc',
    expect.stringContaining(`'build/config/example.yaml', path.join(documents, '${file}')`),
  ]);
});
