import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc16Modbus } from '../../../drivers/modbus/crc16.ts';
import { answerBytes, encodeRequest, findAnswer, type ModbusRequest } from '../../../drivers/modbus/request.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** With the check sum behind it. */
function frame(body: string): Buffer {
  const bytes = hex(body);
  const crc = crc16Modbus(bytes);
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
}

test('the check sum is that of the catalogue', () => {
  expect(crc16Modbus(Buffer.from('123456789'))).toBe(0x4b37);
});

// Requests and answers are those of the examples in MODBUS application protocol V1.1b3, chapter 6.
const rows: readonly {
  readonly title: string;
  readonly request: ModbusRequest;
  readonly sent: string;
  readonly answered: string;
  readonly values: readonly number[];
}[] = [
  {
    title: '01 read coils',
    request: { code: 1, address: 0x13, count: 19 },
    sent: '0001 0013 0013',
    answered: '00 01 03 cd 6b 05',
    values: [1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1],
  },
  {
    title: '02 read discrete inputs',
    request: { code: 2, address: 0xc4, count: 22 },
    sent: '0002 00c4 0016',
    answered: '00 02 03 ac db 35',
    values: [0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1],
  },
  {
    title: '03 read holding registers',
    request: { code: 3, address: 0x6b, count: 3 },
    sent: '0003 006b 0003',
    answered: '00 03 06 022b 0000 0064',
    values: [0x22b, 0, 100],
  },
  {
    title: '04 read input registers',
    request: { code: 4, address: 8, count: 1 },
    sent: '0004 0008 0001',
    answered: '00 04 02 000a',
    values: [10],
  },
  {
    title: '05 write a coil',
    request: { code: 5, address: 0xac, isOn: true },
    sent: '0005 00ac ff00',
    answered: '00 05 00ac ff00',
    values: [],
  },
  {
    title: '06 write a register',
    request: { code: 6, address: 1, word: 3 },
    sent: '0006 0001 0003',
    answered: '00 06 0001 0003',
    values: [],
  },
  {
    title: '15 write coils',
    request: { code: 15, address: 0x13, bits: [true, false, true, true, false, false, true, true, true, false] },
    sent: '000f 0013 000a 02 cd01',
    answered: '00 0f 0013 000a',
    values: [],
  },
  {
    title: '16 write registers',
    request: { code: 16, address: 1, words: [10, 0x102] },
    sent: '0010 0001 0002 04 000a 0102',
    answered: '00 10 0001 0002',
    values: [],
  },
];

describe.each(rows)('$title', ({ request, sent, answered, values }) => {
  const unit = 0;

  test('is written as the specification shows it', () => {
    expect(Buffer.from(encodeRequest(unit, request)).toString('hex')).toBe(frame(sent).toString('hex'));
  });

  test('its answer is read, and is as long as foretold', () => {
    expect(frame(answered)).toHaveLength(answerBytes(request));
    expect(findAnswer(unit, request, frame(answered))).toEqual({ is: 'values', values });
  });

  test('its answer is found behind and before bytes that nobody sent', () => {
    const noisy = Buffer.concat([hex('00 ff 00'), frame(answered), hex('ff')]);
    expect(findAnswer(unit, request, noisy)).toEqual({ is: 'values', values });
  });

  test('a part of it is nothing, and so is one with any bit wrong', () => {
    const whole = frame(answered);
    for (let length = 0; length < whole.byteLength; length += 1) {
      expect(findAnswer(unit, request, whole.subarray(0, length))).toEqual({ is: 'nothing' });
    }
    for (let bit = 0; bit < whole.byteLength * 8; bit += 1) {
      const damaged = Uint8Array.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(findAnswer(unit, request, damaged)).toEqual({ is: 'nothing' });
    }
  });

  test('a refusal is an exception with its code', () => {
    const refusal = frame(`00 ${(request.code | 0x80).toString(16)} 02`);
    expect(findAnswer(unit, request, refusal)).toEqual({ is: 'exception', exception: 2 });
  });
});

test('an answer of another unit, of another function or of another length is none', () => {
  const request = { code: 3, address: 0, count: 1 } as const;
  for (const other of ['02 03 02 0001', '01 04 02 0001', '01 03 04 00010002']) {
    expect(findAnswer(1, request, frame(other))).toEqual({ is: 'nothing' });
  }
  expect(findAnswer(1, request, frame('01 03 02 0001'))).toMatchObject({ is: 'values' });
});

test('the late answer to another write of the same coil or register is none', () => {
  expect(findAnswer(1, { code: 5, address: 7, isOn: false }, frame('01 05 0007 ff00'))).toEqual({ is: 'nothing' });
  expect(findAnswer(1, { code: 6, address: 7, word: 9 }, frame('01 06 0007 0008'))).toEqual({ is: 'nothing' });
});

test('whatever comes, looking for an answer does not throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 256 }), (received) => {
      findAnswer(received[0] ?? 1, { code: 3, address: 0, count: 125 }, received);
    }),
  );
});
