import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, relative, resolve } from 'node:path';

/**
 * Turns places in a bundle into places in our files. Here and not in the guest, where reading the map would take longer than
 * running the tests of a file.
 */
export function createUnbundler(bundle: string, mapFile: string): (text: string) => string {
  let map: SourceMap | undefined;
  const literal = bundle.replaceAll(/[^\w/]/g, String.raw`\$&`);
  const place = new RegExp(String.raw`${literal}:(\d+):(\d+)`, 'g');
  return (text) =>
    text.replaceAll(place, (bundled: string, line: string, column: string) => {
      map ??= new SourceMap(JSON.parse(readFileSync(mapFile, 'utf8')) as SourceMapPayload);
      const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in entry)) return bundled;
      const file = relative(process.cwd(), resolve(dirname(mapFile), entry.originalSource));
      return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
}
