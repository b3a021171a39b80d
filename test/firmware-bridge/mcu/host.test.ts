import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as limits from '../../../firmware-bridge/limits.ts';
import { linkAbi } from '../../../firmware-bridge/link/bodies.ts';
import { fuzzerMissing, gccMissing, mcuSources, openWorkshop, strict } from '../../support/c-compiler.ts';
import { streamsHeader, vectorsHeader } from './vectors-header.ts';

const host = 'test/firmware-bridge/mcu/host';
const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());
const sanitized = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const title = (what: string, missing: string | undefined) => (missing === undefined ? what : `${what} (${missing})`);

function run(program: string, ...operands: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, operands, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  expect([status, stdout.slice(-2_000), status === 0 ? '' : stderr.slice(-4_000)]).toEqual([
    0,
    stdout.slice(-2_000),
    '',
  ]);
  return stdout;
}

/** Compiling with sanitizers takes its time on a busy machine. */
const patience = { timeout: 180_000 };

describe.skipIf(gccMissing !== undefined)(title('the C side on this computer', gccMissing), patience, () => {
  it('passes the vectors the agent passes', () => {
    writeFileSync(path.join(workshop.folder, 'vectors.h'), vectorsHeader());
    const operands = [...strict, ...sanitized, `-I${workshop.folder}`, ...mcuSources, `${host}/vectors.c`];
    expect(run(workshop.build('gcc', 'vectors', operands))).toBe('30 frames, 60 compact, 12 refusals, 0 failed\n');
  });

  it('finds the same frames in the streams, however they are cut', () => {
    writeFileSync(path.join(workshop.folder, 'streams.h'), streamsHeader());
    const sources = mcuSources.filter((file) => !file.endsWith('qn_link.c')); // It is part of the test.
    const operands = [...strict, '-Wno-overlength-strings', ...sanitized, `-I${workshop.folder}`, ...sources];
    const program = workshop.build('gcc', 'streams', [...operands, `${host}/streams.c`]);
    expect(run(program)).toBe('3 streams, 49 frames, 8 cuts each, 0 failed\n');
  });

  it('greets, sends, receives and goes safe by itself as its unit test says', () => {
    const program = workshop.build('gcc', 'unit', [...strict, ...sanitized, ...mcuSources, `${host}/unit.c`]);
    expect(run(program)).toMatch(/^70 checks, 0 failed;/);
  });

  it('compiles as C99, C11 and C17 with every warning an error, and its headers as C++', () => {
    for (const dialect of ['-std=c99', '-std=c11', '-std=c17']) {
      for (const file of mcuSources) {
        execFileSync('gcc', [...strict, dialect, '-Wconversion', '-Wshadow', '-O2', '-fsyntax-only', file]);
      }
    }
    const warnings = ['-Wall', '-Wextra', '-Werror', '-pedantic', '-std=c++11', '-fsyntax-only'];
    for (const header of ['qn_link.h', 'qn_compact.h']) {
      execFileSync('gcc', ['-x', 'c++', ...warnings, '-include', `firmware-bridge/mcu/${header}`, '/dev/null']);
    }
  });

  it('takes 20 000 rows of random operations without a fault the sanitizers see', () => {
    const operands = [...strict, ...sanitized, '-O1', '-DWITH_MAIN', ...mcuSources, `${host}/fuzz.c`];
    run(workshop.build('gcc', 'fuzz', operands), '20000');
  });

  it('needs neither malloc nor a library beyond memcpy, memset and strlen', () => {
    const undefinedIn = mcuSources.flatMap((file, index) => {
      const object = workshop.build('gcc', `object${index}.o`, [...strict, '-O2', '-fno-builtin', '-c', file]);
      return execFileSync('nm', ['-u', object], { encoding: 'utf8' }).match(/\w+$/gm) ?? [];
    });
    const own = /^(qn_|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail)/;
    expect([...new Set(undefinedIn)].filter((name) => !own.test(name)).sort()).toEqual(['memcpy', 'memset', 'strlen']);
  });
});

describe.skipIf(fuzzerMissing !== undefined)(title('the C side under libFuzzer', fuzzerMissing), () => {
  it('takes 20 000 grown inputs without a fault the sanitizers see', () => {
    const operands = [...strict, '-g', '-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];
    const program = workshop.build('clang', 'grown', [...operands, ...mcuSources, `${host}/fuzz.c`]);
    const runs = process.env['TEST_FUZZ_RUNS'] ?? '20000';
    run(program, '-seed=1', `-runs=${runs}`, '-max_len=1024', `-artifact_prefix=${workshop.folder}/`);
  }, 600_000);
});

it('both sides have the same limits', () => {
  const header = ['qn_frame.h', 'qn_link.h']
    .map((file) => readFileSync(`firmware-bridge/mcu/${file}`, 'utf8'))
    .join('');
  const inC = (name: string) => Number(new RegExp(`#define ${name} (\\w+?)u?\\n`).exec(header)?.[1]);
  expect({
    QN_BODY_BYTES_MAX: inC('QN_BODY_BYTES_MAX'),
    QN_FRAME_OVERHEAD_BYTES: inC('QN_FRAME_OVERHEAD_BYTES'),
    QN_LINK_ABI: inC('QN_LINK_ABI'),
    QN_WINDOW_COUNT: inC('QN_WINDOW_COUNT'),
    QN_RESEND_MS_MIN: inC('QN_RESEND_MS_MIN'),
    QN_RESEND_MS_MAX: inC('QN_RESEND_MS_MAX'),
    QN_RESEND_MS_INITIAL: inC('QN_RESEND_MS_INITIAL'),
    QN_TRIES_MAX: inC('QN_TRIES_MAX'),
    QN_WATCHDOG_MS: inC('QN_WATCHDOG_MS'),
    QN_WATCHDOG_MS_MIN: inC('QN_WATCHDOG_MS_MIN'),
    QN_GREET_EVERY_MS: inC('QN_GREET_EVERY_MS'),
    QN_CHANNEL_NAME_BYTES_MAX: inC('QN_CHANNEL_NAME_BYTES_MAX'),
  }).toEqual({
    QN_BODY_BYTES_MAX: limits.linkBodyBytesMax,
    QN_FRAME_OVERHEAD_BYTES: limits.linkOverheadBytes,
    QN_LINK_ABI: linkAbi,
    QN_WINDOW_COUNT: limits.linkWindowCountMax,
    QN_RESEND_MS_MIN: limits.linkResendMsMin,
    QN_RESEND_MS_MAX: limits.linkResendMsMax,
    QN_RESEND_MS_INITIAL: limits.linkResendMsInitial,
    QN_TRIES_MAX: limits.linkTriesMax,
    QN_WATCHDOG_MS: limits.linkWatchdogMsDefault,
    QN_WATCHDOG_MS_MIN: limits.linkWatchdogMsMin,
    QN_GREET_EVERY_MS: limits.linkGreetEveryMs,
    QN_CHANNEL_NAME_BYTES_MAX: limits.linkChannelNameBytesMax,
  });
});
