import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseId } from '../../agent/qn/snowflake.ts';
import { startAgentProcess } from '../support/agent-process.ts';
import type { Heard } from '../support/heard.ts';
import { hasMosquitto } from '../support/mosquitto.ts';
import { openRig, type Rig } from '../support/rig.ts';

/** Of the Debian package faketime; undefined where it is not installed. */
const library = readdirSync('/usr/lib')
  .map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));

const title = library === undefined ? ' (skipped: needs the Debian package faketime)' : '';

/** What the agent said by itself: an ack has the id of its command. */
function ownIds({ listener }: Rig): readonly bigint[] {
  const own = listener.all.filter(
    ({ target, verb }) => target === 'pi-1' && ['state', 'delta', 'event', 'health'].includes(verb),
  );
  return own.flatMap(({ message }) => (message.id === undefined ? [] : [message.id]));
}

describe.skipIf(library === undefined || !hasMosquitto)(`a wall clock that is stepped by hours${title}`, () => {
  it('stalls no timer, repeats no id, and its stamps say how far they can be trusted', {
    timeout: 120_000,
  }, async () => {
    await using rig = await openRig({
      documents: [
        'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
        'gpio.lamp: { driver: gpio-out, line: LAMP, max-on: 500ms }',
      ],
      lines: ['GPIO17', 'LAMP'],
      sections: 'health: { interval: 1s }',
    });
    const clockFile = path.join(rig.folder, 'clock');
    const step = (offset: string) => writeFileSync(clockFile, `${offset}\n`);
    step('+0h');
    const env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: clockFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1', // As the kernel has it: a step does not touch it.
      NO_FAKE_STAT: '1',
    };
    await using agent = startAgentProcess(rig.configFile, { env });
    await rig.hear({ verb: 'health', test: ({ message }) => message.ep !== undefined }, 15_000);
    for (const [index, [offset, hours]] of steps.entries()) {
      step(offset);
      const heardCount = rig.listener.all.length;
      const fresh = { test: (heard: Heard) => rig.listener.all.indexOf(heard) >= heardCount };
      const id = BigInt(100 + index);
      await rig.say(
        'notify/gpio.relay1',
        JSON.stringify({ t: 'notify', id: `${id}`, src: 'ops', val: { 'on-for': 200 } }),
      );
      await rig.say('notify/gpio.lamp', 'ON');
      await rig.hear({ verb: 'ack', id, status: 'successful' }); // The pulse, and below the longest time on, ended by a timer.
      await rig.hear({ verb: 'event', document: 'gpio.lamp', ...fresh });
      const { message } = await rig.hear({ verb: 'health', ...fresh });
      expect([rig.wire('GPIO17'), rig.wire('LAMP')]).toEqual(['0', '0']);
      const wallMs = Date.now() + hours * 3_600_000;
      expect(Math.abs((message.ts ?? 0) - wallMs)).toBeLessThan(60_000);
      expect(message.clk === 'boot').toBe(hours < -10_000);
    }
    const ids = ownIds(rig);
    expect(ids.length).toBeGreaterThan(steps.length * 5);
    expect(new Set(ids).size).toBe(ids.length);
    const modes = new Set(ids.map((id) => parseId(id).mode));
    expect(modes).toContain(1); // QN-9: counted on from the last stamp after a step back.
    await agent.end('SIGTERM');
  });
});

/** As libfaketime reads them, and in hours. The last but one is before any agent was written. */
const steps: readonly (readonly [offset: string, hours: number])[] = [
  ['+5h', 5],
  ['-9h', -9],
  ['+2h', 2],
  ['-1h', -1],
  ['-26280h', -26_280],
  ['+0h', 0],
];
