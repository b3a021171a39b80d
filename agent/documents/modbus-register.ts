import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { ModbusBus } from '../../drivers/modbus/bus.ts';
import type { ModbusRegisterConfig } from '../config/config.ts';
import type { DocumentKind, DocumentSurroundings } from './kind.ts';
import { decodeRegister, encodeRegister, readRequest } from './register-value.ts';
import { tooLate } from './waiting.ts';

/**
 * One value of a Modbus unit, read at its pace: a number or a boolean. While the unit does not answer the document keeps
 * its last value, and the health report says so.
 */
export const modbusRegister: DocumentKind<ModbusRegisterConfig> = {
  plan(config, value) {
    if (!config.isWritable) {
      return fail({ reason: 'unsupported', detail: 'this register is only read; set write: true in its config' });
    }
    const encoded = encodeRegister(config, value);
    return encoded.ok ? ok({ do: 'write-register', ...encoded.value }) : encoded;
  },

  async open(config, surroundings) {
    const bus = busOf(config, surroundings);
    if (!bus.ok) return bus;
    const reading = await beginReading(config, bus.value, surroundings);
    return ok({
      async perform(effect, _taken, isTooLate = () => false) {
        if (effect.do !== 'write-register') return ok();
        const written = await bus.value.perform(config.unit, effect.request, () => !isTooLate());
        if (written === undefined) return tooLate('nothing was written');
        if (!written.ok) return written;
        surroundings.changed(effect.value);
        return ok();
      },
      probe: reading.last,
      async [Symbol.asyncDispose]() {
        reading.end();
      },
    });
  },
};

function busOf({ bus }: ModbusRegisterConfig, { neighbour }: DocumentSurroundings): Result<ModbusBus> {
  const opened = neighbour(bus);
  if (!opened.ok) return opened;
  if (opened.value.modbus !== undefined) return ok(opened.value.modbus);
  return fail({ kind: 'unsupported', operation: 'open', resource: bus, detail: 'this document is no Modbus bus' });
}

/** Resolves when the unit was asked once, whatever the answer was; or before, where others that are silent take too long, or it is to end. */
async function beginReading(config: ModbusRegisterConfig, bus: ModbusBus, surroundings: DocumentSurroundings) {
  const { unit, pollMs } = config;
  const { changed, troubled, patience, ending } = surroundings;
  const asked = Promise.withResolvers<void>();
  const unasked = notAsked(config);
  let last: Result<number | boolean> = fail(unasked);
  let trouble: DriverError | undefined;
  const tell = (answer: Result<readonly number[]>) => {
    last = valueOf(config, answer);
    const error = last.ok ? undefined : last.error;
    const isNews = error?.kind !== trouble?.kind || trouble === unasked;
    trouble = error;
    if (last.ok) changed(last.value);
    if (isNews) troubled(error);
    asked.resolve();
  };
  const polling = bus.poll({ unit, request: readRequest(config), everyMs: pollMs, tell });
  const isOver = patience?.then(() => (bus.isSlowedDown ? undefined : asked.promise));
  const giveUp = () => asked.resolve();
  ending?.addEventListener('abort', giveUp);
  if (ending?.aborted === true) giveUp();
  await Promise.race([asked.promise, isOver ?? asked.promise]);
  ending?.removeEventListener('abort', giveUp);
  if (!last.ok && last.error === unasked) {
    trouble = unasked;
    troubled(unasked);
  }
  return {
    last: (): Result<string> => (last.ok ? ok(describe(config, last.value)) : last),
    end: () => polling[Symbol.dispose](),
  };
}

function valueOf(config: ModbusRegisterConfig, answer: Result<readonly number[]>): Result<number | boolean> {
  if (!answer.ok) return answer;
  const value = decodeRegister(config, answer.value);
  return value === undefined ? fail(notNumber(config)) : ok(value);
}

function describe({ unit, unitOfMeasure }: ModbusRegisterConfig, value: number | boolean): string {
  return `unit ${unit} answers ${value}${unitOfMeasure === undefined ? '' : ` ${unitOfMeasure}`}`;
}

function notAsked({ bus, unit }: ModbusRegisterConfig): DriverError {
  return {
    kind: 'timeout',
    operation: 'ask',
    resource: `${bus} unit ${unit}`,
    detail: 'it was not asked yet, as other units of the bus do not answer',
    fix: 'see which of them do not, or wait',
  };
}

function notNumber({ bus, unit, register }: ModbusRegisterConfig): DriverError {
  const detail = `register ${register} holds no number (NaN or infinity)`;
  return {
    kind: 'out-of-range',
    operation: 'ask',
    resource: `${bus} unit ${unit}`,
    detail,
    fix: 'try another word-order',
  };
}
