import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { mcuSources, openWorkshop, strict } from '../../support/c-compiler.ts';
import { avrMissing } from '../../support/uno.ts';

const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());
const title = (what: string, missing: string | undefined) => (missing === undefined ? what : `${what} (${missing})`);

describe.skipIf(avrMissing !== undefined)(title('the size of the link on an ATmega328P', avrMissing), () => {
  /** Sections of all objects, by the name avr-size gives them. */
  function sizeOf(objects: readonly string[]) {
    const rows = execFileSync('avr-size', objects, { encoding: 'utf8' }).trim().split('\n').slice(1);
    const cells = rows.map((row) => row.trim().split(/\s+/).map(Number));
    const sum = (at: number) => cells.reduce((total, row) => total + (row[at] ?? 0), 0);
    return { text: sum(0), data: sum(1), bss: sum(2) };
  }
  const flags = [...strict, '-mmcu=atmega328p', '-Os', '-c'];

  it('is at most 4 kB of flash, and no memory of its own', () => {
    const objects = mcuSources.map((file, index) => workshop.build('avr-gcc', `link${index}.o`, [...flags, file]));
    const { text, data, bss } = sizeOf(objects);
    console.log(`qn_link, qn_frame and qn_compact: ${text} bytes of flash`);
    expect(text).toBeLessThanOrEqual(4_096);
    expect([data, bss]).toEqual([0, 0]);
  });

  it.each([
    [17, 300],
    [48, 600],
    [64, 600],
    [80, 600],
  ])('with bodies of %i bytes it is at most %i bytes of memory, window and frames included', (bodyBytes, ramBytes) => {
    const source = `static char held[sizeof(qn_link) + QN_LINK_BUFFER_BYTES(${bodyBytes})]; char *where = held;`;
    const operands = ['-x', 'c', '-include', 'firmware-bridge/mcu/qn_link.h', '-mmcu=atmega328p', '-c'];
    const probe = workshop.build('sh', `ram${bodyBytes}.o`, [
      '-c',
      `echo '${source}' | avr-gcc ${operands.join(' ')} - "$@"`,
      'sh',
    ]);
    const { bss } = sizeOf([probe]);
    console.log(`bodies of ${bodyBytes} bytes: ${bss} bytes of memory`);
    expect(bss).toBeGreaterThan(bodyBytes * 5);
    expect(bss).toBeLessThanOrEqual(ramBytes);
  });
});
