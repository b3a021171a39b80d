import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import type { BytePort } from '../../../drivers/contract/byte-port.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { type SmpDependencies, updateBySmp } from '../../../firmware-bridge/smp/update.ts';
import { openWorkshop } from '../../support/c-compiler.ts';
import { mcubootImage } from '../../support/mcuboot-image.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** Neither Debian nor npm has a device that speaks SMP; this one is compiled from a checkout of mcu-tools/mcuboot. */
const checkout = process.env['TEST_MCUBOOT'];
const what = "an update by SMP of a device that is MCUboot's own serial recovery";
const port = 'test/firmware-bridge/smp/mcuboot';
const platform = [
  ...[
    'bsp/bsp.h',
    'hal/hal_flash.h',
    'hal/hal_system.h',
    'os/os.h',
    'os/os_malloc.h',
    'os/endian.h',
    'os/os_cputime.h',
  ],
  ...['crc/crc16.h', 'base64/base64.h', 'sysflash/sysflash.h', 'flash_map_backend/flash_map_backend.h'],
  'mcuboot_config/mcuboot_config.h',
];

describe.skipIf(checkout === undefined)(
  checkout === undefined ? `${what} (set TEST_MCUBOOT to a checkout of it)` : what,
  { timeout: 300_000 },
  () => {
    const workshop = openWorkshop();
    afterAll(() => workshop[Symbol.dispose]());
    const program = (length: number, factor: number) =>
      Uint8Array.from({ length }, (_, at) => (at * factor + (at >> 8)) & 0xff);
    const first = mcubootImage([1, 0, 0, 0], program(3_000, 3));
    let device: string;

    beforeAll(() => {
      for (const header of platform) {
        const file = path.join(workshop.folder, header);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, '#include "port.h"\n');
      }
      writeFileSync(path.join(workshop.folder, 'first.bin'), first);
      const boot = `${checkout}/boot`;
      const folders = ['boot_serial/include', 'bootutil/include', 'bootutil/src', 'zcbor/include', 'boot_serial/src'];
      const sources = ['boot_serial/src/boot_serial.c', 'boot_serial/src/zcbor_bulk.c', 'bootutil/src/tlv.c'];
      const more = ['zcbor_common', 'zcbor_decode', 'zcbor_encode'].map((name) => `zcbor/src/${name}.c`);
      const hardening = 'bootutil/src/fault_injection_hardening.c';
      device = workshop.build('gcc', 'mcuboot', [
        ...['-std=gnu11', '-w', '-O1', `-I${port}`, `-I${workshop.folder}`],
        ...folders.map((folder) => `-I${boot}/${folder}`),
        `${port}/board.c`,
        ...[...sources, ...more, hardening].map((file) => `${boot}/${file}`),
        '-lcrypto',
      ]);
    });

    /** The device with its first program, and a line to it that loses packets in both directions. */
    function start(lossRatio: number) {
      const random = seededRandom(3);
      const child = spawn(device, [path.join(workshop.folder, 'first.bin')], { stdio: ['pipe', 'pipe', 'inherit'] });
      let listener: (chunk: Uint8Array) => void = () => {};
      const counts = { lost: 0 };
      const isLost = () => {
        const lost = random() < lossRatio;
        counts.lost += Number(lost);
        return lost;
      };
      child.stdout.on('data', (chunk: Uint8Array) => {
        if (!isLost()) listener(chunk);
      });
      const line: BytePort = {
        resource: 'mcuboot',
        async write(bytes) {
          if (!isLost()) child.stdin.write(Uint8Array.from(bytes));
          return ok();
        },
        onData(next) {
          listener = next;
        },
        onClosed() {},
        async [Symbol.asyncDispose]() {},
      };
      return {
        counts,
        update: (image: Uint8Array, more: Partial<SmpDependencies> = {}) =>
          updateBySmp({ clock: systemClock, open: async () => ok(line), ...more }, image, { framing: 'console' }),
        [Symbol.dispose]: () => void child.kill(),
      };
    }

    it.each([0, 0.05])('of 256 KiB, with a loss of %f, is tried, confirmed, and known again', async (lossRatio) => {
      using board = start(lossRatio);
      const second = mcubootImage([1, 1, 0, 7], program(256 * 1_024, 5));
      expect(await board.update(second)).toEqual({ ok: true, value: { version: '1.1.0+7', wasThere: false } });
      expect(await board.update(second)).toEqual({ ok: true, value: { version: '1.1.0+7', wasThere: true } });
      expect(board.counts.lost > 0).toBe(lossRatio > 0);
    });

    it('that is not healthy goes back, and the old program is the one that is known', async () => {
      using board = start(0);
      const second = mcubootImage([1, 1, 0, 0], program(20_000, 7));
      const told = await board.update(second, { isHealthy: async () => fail('it does not greet') });
      expect(told).toMatchObject({
        ok: false,
        error: { reason: 'rolled-back', detail: 'it does not greet; version 1.0.0 runs again' },
      });
      expect(await board.update(first)).toEqual({ ok: true, value: { version: '1.0.0', wasThere: true } });
    });
  },
);
