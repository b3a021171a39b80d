import { crc16Modbus } from './crc16.ts';

/**
 * What a master may ask, by function code: 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers are read;
 * 5 one coil, 6 one register, 15 coils, 16 registers are written. Addresses are those on the wire, from 0.
 * MODBUS application protocol V1.1b3, 6
 */
export type ModbusRequest =
  | { readonly code: 1 | 2 | 3 | 4; readonly address: number; readonly count: number }
  | { readonly code: 5; readonly address: number; readonly isOn: boolean }
  | { readonly code: 6; readonly address: number; readonly word: number }
  | { readonly code: 15; readonly address: number; readonly bits: readonly boolean[] }
  | { readonly code: 16; readonly address: number; readonly words: readonly number[] };

/** Address, function, data, check sum. */
export function encodeRequest(unit: number, request: ModbusRequest): Uint8Array {
  const body = Uint8Array.from([unit, request.code, ...wordBytes(request.address), ...dataOf(request)]);
  const crc = crc16Modbus(body);
  return Uint8Array.from([...body, crc & 0xff, crc >> 8]);
}

/** Of the whole frame that answers, when it is no exception. */
export function answerBytes(request: ModbusRequest): number {
  return isRead(request) ? 5 + readBytes(request) : 8;
}

/**
 * nothing: no whole answer yet · values: of a read, a number per bit (0, 1) or register; empty for a write ·
 * exception: the unit refused, with its code.
 */
export type Answer =
  | { readonly is: 'nothing' }
  | { readonly is: 'values'; readonly values: readonly number[] }
  | { readonly is: 'exception'; readonly exception: number };

/**
 * Looks for the answer anywhere in what came: where the line is turned around, bytes that nobody sent often stand in
 * front. Only a right check sum makes an answer.
 */
export function findAnswer(unit: number, request: ModbusRequest, received: Uint8Array): Answer {
  for (let index = 0; index + 5 <= received.byteLength; index += 1) {
    if (received[index] !== unit) continue;
    const code = received[index + 1];
    if (code === request.code) {
      const frame = received.subarray(index, index + answerBytes(request));
      if (frame.byteLength === answerBytes(request) && isSound(frame) && isAnswerTo(request, frame)) {
        return { is: 'values', values: valuesOf(request, frame) };
      }
    }
    const refusal = received.subarray(index, index + 5);
    if (code === (request.code | 0x80) && isSound(refusal)) return { is: 'exception', exception: refusal[2] ?? 0 };
  }
  return { is: 'nothing' };
}

type ReadRequest = Extract<ModbusRequest, { count: number }>;

export function isRead(request: ModbusRequest): request is ReadRequest {
  return request.code <= 4;
}

function isBits({ code }: ModbusRequest): boolean {
  return code === 1 || code === 2;
}

function readBytes(request: ReadRequest): number {
  return isBits(request) ? Math.ceil(request.count / 8) : request.count * 2;
}

function dataOf(request: ModbusRequest): readonly number[] {
  switch (request.code) {
    case 5:
      return [request.isOn ? 0xff : 0, 0];
    case 6:
      return wordBytes(request.word);
    case 15: {
      const bytes = Array.from({ length: Math.ceil(request.bits.length / 8) }, () => 0);
      for (const [index, isOn] of request.bits.entries()) {
        if (isOn) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
      }
      return [...wordBytes(request.bits.length), bytes.length, ...bytes];
    }
    case 16:
      return [...wordBytes(request.words.length), request.words.length * 2, ...request.words.flatMap(wordBytes)];
    default:
      return wordBytes(request.count);
  }
}

function wordBytes(word: number): readonly number[] {
  return [(word >> 8) & 0xff, word & 0xff];
}

function isSound(frame: Uint8Array): boolean {
  const bodyBytes = frame.byteLength - 2;
  const crc = (frame[bodyBytes] ?? 0) | ((frame[bodyBytes + 1] ?? 0) << 8);
  return crc16Modbus(frame.subarray(0, bodyBytes)) === crc;
}

/** A read says how many bytes follow; a write repeats the address, and what was written or how much of it. */
function isAnswerTo(request: ModbusRequest, frame: Uint8Array): boolean {
  if (isRead(request)) return frame[2] === readBytes(request);
  return Buffer.from(encodeRequest(0, request)).compare(frame, 2, 6, 2, 6) === 0;
}

function valuesOf(request: ModbusRequest, frame: Uint8Array): readonly number[] {
  if (!isRead(request)) return [];
  const data = frame.subarray(3, -2);
  return Array.from({ length: request.count }, (_, index) =>
    isBits(request)
      ? ((data[index >> 3] ?? 0) >> (index & 7)) & 1
      : ((data[index * 2] ?? 0) << 8) | (data[index * 2 + 1] ?? 0),
  );
}
