import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { features } from '../../agent/left-out.ts';
import { buildProfile, type ProfileReport } from '../../build/profile-build.ts';
import { featureFiles, leftOutIn, type Profile, profiles } from '../../build/profiles.ts';
import { distFolder, needBundle, startScript } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { openListener, statusOf } from '../support/heard.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';

vi.setConfig({ hookTimeout: 120_000, testTimeout: 30_000 });

const reports = new Map<Profile, ProfileReport>();
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qn-profiles-'));
  await needBundle();
  for (const profile of profiles) reports.set(profile, await buildProfile('dist', profile));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What ended up in the files: sources that left bytes, and modules of Node.js that are asked for. */
function codeOf({ metafiles }: ProfileReport): readonly string[] {
  const inFile = ({ inputs, imports }: Metafile['outputs'][string]) => [
    ...Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
    ...imports.map(({ path: name }) => name),
  ];
  return metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap(inFile));
}

function foundOf(profile: Profile, places: readonly string[]): readonly string[] {
  const code = codeOf(reports.get(profile)!);
  return code.filter((file) => places.some((place) => (place.includes('/') ? file.startsWith(place) : file === place)));
}

describe.each(profiles)('the profile %s', (profile) => {
  test.each(features)('has %s or has nothing of it', (feature) => {
    const found = foundOf(profile, featureFiles[feature].code);
    if (leftOutIn(profile).includes(feature)) expect(found).toEqual([]);
    else expect(found).not.toEqual([]);
  });

  test('has each package once in a file, of one version and in one form', () => {
    const twice = reports.get(profile)!.metafiles.flatMap(({ inputs, outputs }) =>
      Object.entries(outputs).flatMap(([file, output]) => {
        const copies = new Map<string, Set<string>>();
        for (const input of Object.keys(output.inputs)) {
          const [, place = '', name = ''] = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)/.exec(input) ?? [];
          const format = inputs[input]?.format;
          if (format === undefined) continue; // Empty, or JSON.
          copies.set(name, (copies.get(name) ?? new Set()).add(`${place}${name} ${format}`));
        }
        return [...copies].flatMap(([name, of]) =>
          name !== '' && of.size > 1 ? [`${file}: ${[...of].join(', ')}`] : [],
        );
      }),
    );
    expect(twice).toEqual([]);
  });

  test('has the size that the README tells, within a few per cent', () => {
    const readme = readFileSync('README.md', 'utf8');
    const row = new RegExp(`^\\| \`${profile}\` \\|[^|]*\\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$`, 'm').exec(readme) ?? [];
    const { programBytes, partsBytes, nativeBytes } = reports.get(profile)!;
    const told = row.slice(1).map(Number);
    expect(told).toHaveLength(3);
    for (const [index, bytes] of [programBytes, partsBytes, nativeBytes].entries())
      expect(Math.abs((told[index] ?? 0) - bytes / 1_000) / (bytes / 1_000)).toBeLessThan(0.05);
  });
});

describe('the profile tiny', () => {
  const program = path.join(distFolder, 'profiles/tiny/qn-agent.cjs');

  test('refuses what it has not, all at once, with the profile and the way out', async () => {
    const file = path.join(folder, 'refused.yaml');
    await writeFile(
      file,
      `node: pi-1
mqtt: { brokers: [{ url: "mqtts://broker.example" }] }
gpio: { backend: sysfs }
http: { port: 8080 }
documents:
  gpio.relay1: { driver: gpio-out, line: GPIO17 }
  serial.bus1: { driver: modbus-rtu, port: /dev/ttyUSB0, baud: 9600 }
  mcu.far: { driver: mcu, port: /dev/ttyACM0 }
`,
    );
    await using checking = startScript(program, ['check', file]);
    expect(await checking.ended).toMatchObject({ code: 78 });
    const lines = checking.err.split('\n').filter((line) => line.includes('(profile tiny)'));
    const told = (what: string) =>
      `this build (profile tiny) comes without ${what} (install the full build of the agent`;
    expect(lines).toEqual([
      expect.stringContaining(`/mqtt/brokers/0/url: ${told('TLS')}`),
      expect.stringContaining(`/gpio/backend: ${told('the sysfs backend')}`),
      expect.stringContaining(`/http: ${told('HTTP')}`),
      expect.stringContaining(`/documents/serial.bus1/driver: ${told('Modbus')}`),
      expect.stringContaining(`/documents/mcu.far/driver: ${told('microcontrollers')}`),
    ]);
  });

  describeWithMosquitto('on a board', () => {
    test('does the rest: connects, and its self-test passes', async () => {
      await using broker = await startMosquitto();
      await using listener = await openListener(broker.port);
      const parts = { url: broker.url, board: folder, state: path.join(folder, 'state'), documents: [] };
      const file = path.join(folder, 'config.yaml');
      await writeFile(file, configText(parts));
      await using agent = startScript(program, ['run', '--config', file]);
      expect(statusOf(await listener.hear({ verb: 'health' }, 15_000))).toBe('online');
      expect([agent.out, agent.err]).toEqual(['', '']);
    });
  });
});
