import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, transform } from 'esbuild';

const source = 'agent/page';

/** The status page as one file: its script and style are in it, and it asks nobody else for anything. */
export async function buildPage(folder: string): Promise<number> {
  const [frame, css] = await Promise.all(
    ['index.html', 'style.css'].map((name) => readFile(path.join(source, name), 'utf8')),
  );
  const { outputFiles } = await build({
    entryPoints: [path.join(source, 'main.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    write: false,
    logLevel: 'warning',
  });
  const style = await transform(css ?? '', { loader: 'css', minify: true, target: 'chrome123' });
  const script = outputFiles[0]?.text ?? '';
  if (script.includes('</script')) throw new Error('the script of the page would end too early');
  // As functions: `$&` in a script is no pattern.
  const page = (frame ?? '')
    .replace('/*style*/', () => style.code.trim())
    .replace('/*script*/', () => script.trim())
    .replaceAll(/>\n\s+</g, '><');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'status-page.html'), page);
  return Buffer.byteLength(page);
}
