import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { certificateWarnings, openWarnings, trustWarnings, type Warning } from '../../../agent/health/warnings.ts';
import { configOf } from '../../support/memory-agent.ts';
import { makeSigner } from '../../support/signing.ts';
import { openSmallDisk, smallDiskMissing } from '../../support/small-disk.ts';
import { until } from '../../support/until.ts';

const row = { url: 'mqtts://b:8883', state: 'in-use', score: 1, reconnects: 0 } as const;

test('a certificate is told two weeks before it ends', () => {
  expect(certificateWarnings([{ ...row, certificateDays: 14, ownCertificateDays: 14 }, row])).toEqual([]);
  expect(certificateWarnings([{ ...row, certificateDays: 13, ownCertificateDays: 0 }])).toEqual([
    'the certificate of mqtts://b:8883 expires in 13 days; replace the file, no restart is needed',
    'the certificate this node shows mqtts://b:8883 expires in 0 days; replace the file, no restart is needed',
  ]);
  expect(certificateWarnings([{ ...row, ownCertificateDays: -1 }])).toEqual([
    'the certificate this node shows mqtts://b:8883 has expired',
  ]);
});

test('a board that takes configs from anybody says so, and one whose keys have ended', () => {
  const ended = makeSigner('old', ['config'], { expiresMs: 100 });
  const later = makeSigner('new', ['config'], { expiresMs: 101 });
  const keys = [ended.trusted, later.trusted];
  expect(trustWarnings({ overAir: { trust: 'keys', verifyMs: 1 }, trust: { keys } }, 100)).toEqual([
    { code: 'ended-key', text: 'the key old in trust.keys is not trusted any more' },
  ]);
  expect(trustWarnings({ overAir: { trust: 'none', verifyMs: 1 }, trust: { keys: [] } }, 100)).toEqual([
    {
      code: 'open-config',
      text: 'config.trust is none: whoever may publish to the broker may change this board; write trust.keys instead',
    },
  ]);
});

test.skipIf(smallDiskMissing !== undefined)('a board that keeps its things in memory says so', async () => {
  using disk = openSmallDisk();
  const warnings = openWarnings(
    { config: { ...configOf({ documents: [] }, '/tmp'), stateFolder: disk.folder } },
    systemClock,
    'the count is lost',
  );
  const isInMemory = ({ code, text }: Warning) =>
    code === 'state-in-memory' && text.includes(`${disk.folder} is in memory (${disk.folder}: tmpfs)`);
  await until(() => warnings().some(isInMemory), 'the warning');
  expect(warnings()).toContainEqual({ code: 'memory-lost', text: 'the count is lost' });
});

test.skipIf(smallDiskMissing !== undefined)(
  'a board whose disk is nearly full says so until there is room',
  async () => {
    using disk = openSmallDisk(); // Smaller than what is asked for.
    const config = { ...configOf({ documents: [] }, '/tmp'), stateFolder: disk.folder };
    const running = { config };
    const full = (warnings: () => readonly Warning[]) => warnings().find(({ code }) => code === 'full-disk')?.text;
    const warnings = openWarnings(running, systemClock, undefined);
    await until(() => full(warnings) !== undefined, 'the warning');
    expect(full(warnings)).toMatch(/^\d MiB free at .*make room: du -xh /);
    expect(spawnSync('mount', ['-o', 'remount,size=32m', disk.folder]).status).toBe(0);
    await until(() => full(warnings) === undefined, 'that it is gone');
  },
);
