import type { Config } from '../../config/config.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { skip } from './outcome.ts';

/** Drivers of documents that are a microcontroller on a line. */
const mcuDrivers: readonly string[] = ['mcu'];

/** The microcontrollers answer; what their driver finds when it is asked is told. */
export function mcuTest(config: Config, probe: (document: string) => TestResult): AtomicTest {
  const names = Object.entries(config.documents).flatMap(([name, { driver }]) =>
    mcuDrivers.includes(driver) ? [name] : [],
  );
  return {
    id: 'mcu.link',
    title: 'microcontrollers answer',
    run() {
      if (names.length === 0) return skip('this board has none');
      const rows = names.map((name) => ({ name, result: probe(name) }));
      const ill = rows.find(({ result }) => result.status !== 'pass') ?? rows[0];
      return ill === undefined
        ? skip('this board has none')
        : { ...ill.result, detail: `${ill.name}: ${ill.result.detail}` };
    },
  };
}
