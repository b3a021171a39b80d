import { expect, test } from 'vitest';
import { fail, ok } from '../../../drivers/contract/result.ts';
import type { NativeGpio } from '../../../drivers/native/addon.ts';
import { setRs485 } from '../../../drivers/serial/rs485.ts';

/* Answers of drivers that no port here gives; the real calls are in serial-port.test.ts and on the emulated board. */

const asked = { rtsOnSend: true, beforeMs: 1, afterMs: 2, echo: true };
type Answer = ReturnType<NativeGpio['setRs485']>;

function set(answer: Answer | undefined, settings = asked) {
  const calls: number[][] = [];
  const native = {
    setRs485(...call: Parameters<NativeGpio['setRs485']>): Answer {
      calls.push(call);
      const [, flags, beforeMs, afterMs] = call;
      return answer ?? { ok: true, value: { flags, beforeMs, afterMs } };
    },
  };
  return { result: setRs485(9, '/dev/ttyAMA0', settings, () => ok(native)), calls };
}

test.for([
  [{}, [9, 1 + 2 + 16, 1, 2]],
  [{ rtsOnSend: false, echo: false }, [9, 1 + 4, 1, 2]],
] as const)('%o is told to the driver of the port', ([more, call]) => {
  const { result, calls } = set(undefined, { ...asked, ...more });
  expect([result, calls]).toEqual([{ ok: true }, [call]]);
});

test.for([
  ['ENOTTY', 'unsupported', 'this port has no RS-485 mode'],
  ['EINVAL', 'out-of-range', 'EINVAL: as it says, TIOCSRS485'],
  ['EIO', 'io', 'EIO: as it says, TIOCSRS485'],
] as const)('%s is %s', ([code, kind, detail]) => {
  const { result } = set({ ok: false, code, text: 'as it says', call: 'TIOCSRS485' });
  expect(result).toMatchObject({ ok: false, error: { kind, detail, resource: '/dev/ttyAMA0' } });
});

test.for([
  [{ flags: 0, beforeMs: 1, afterMs: 2 }, 'flags 0, before 1ms, after 2ms'],
  [{ flags: 3, beforeMs: 1, afterMs: 2 }, 'flags 3, before 1ms, after 2ms'],
  [{ flags: 19, beforeMs: 0, afterMs: 2 }, 'flags 19, before 0ms, after 2ms'],
  [{ flags: 19, beforeMs: 1, afterMs: 0 }, 'flags 19, before 1ms, after 0ms'],
] as const)('a driver that takes %o instead of what was asked for is not trusted with a bus', ([value, is]) => {
  const { result } = set({ ok: true, value });
  const detail = `its driver took ${is} instead of flags 19, before 1ms, after 2ms`;
  expect(result).toMatchObject({ ok: false, error: { kind: 'unsupported', detail } });
});

test('without the native file it is unsupported, and says how to get it', () => {
  const error = {
    kind: 'unsupported',
    operation: 'open',
    resource: 'gpio',
    detail: 'missing',
    fix: 'build it',
  } as const;
  expect(setRs485(9, '/dev/ttyAMA0', asked, () => fail(error))).toMatchObject({
    ok: false,
    error: { kind: 'unsupported', resource: '/dev/ttyAMA0', fix: 'build it' },
  });
});
