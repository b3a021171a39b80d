import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../../agent/doctor/shell-word.ts';

test.each(['/etc/qn-agent/config.yaml', "it's", '$(touch x)', 'a b', '', '*', ';', '"', 'a\nb', '\\', '~'])(
  '%j is one word to a shell, and the same',
  (text) => {
    const script = `for word in ${shellWord(text)}; do printf '<%s>' "$word"; done`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(`<${text}>`);
  },
);

test('what means nothing to a shell is left as it is', () => {
  expect(shellWord('/dev/serial/by-id/usb-FTDI_FT232R-port0')).toBe('/dev/serial/by-id/usb-FTDI_FT232R-port0');
});
