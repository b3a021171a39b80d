import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { BridgeClock } from '../clock.ts';
import { decodeFields, encodeFields, rcOf, type SmpFields } from './cbor.ts';
import { type SmpPacket, smpOperation } from './header.ts';
import { smpRequestMsMax, smpTriesMax } from './limits.ts';
import type { SmpLine } from './line.ts';

/** timeout: no answer in all tries · refused: an error of MCUmgr, `rc` says which · closed: the port is gone. */
export interface SmpError {
  readonly reason: 'timeout' | 'refused' | 'closed';
  readonly detail: string;
  readonly rc?: number;
}

export interface SmpRequest {
  readonly name: string;
  readonly operation: 'read' | 'write';
  readonly group: number;
  readonly command: number;
  readonly fields: SmpFields;
}

export interface AskOptions {
  readonly triesMax?: number;
  readonly answerMsMax?: number;
}

/** One request until it is answered; sent again, with another number, when no answer comes. */
export async function askSmp(
  clock: BridgeClock,
  line: SmpLine,
  request: SmpRequest,
  options: AskOptions = {},
): Promise<Result<SmpFields, SmpError>> {
  const { triesMax = smpTriesMax, answerMsMax = smpRequestMsMax } = options;
  const body = encodeFields(request.fields);
  for (let tries = 0; tries < triesMax; tries += 1) {
    if (line.closed !== undefined) break;
    const seq = (request.command * 31 + tries) & 0xff;
    const packet = { operation: smpOperation[request.operation], group: request.group, command: request.command };
    const answer = awaitAnswer(clock, line, { ...packet, seq, body }, answerMsMax);
    await line.send({ ...packet, seq, body });
    const fields = await answer;
    if (fields === undefined) continue;
    const rc = rcOf(fields);
    if (rc === 0) return ok(fields);
    return fail({ reason: 'refused', rc, detail: `${request.name} is refused with rc ${rc}` });
  }
  if (line.closed !== undefined) return fail({ reason: 'closed', detail: line.closed });
  return fail({ reason: 'timeout', detail: `no answer to ${request.name} in ${triesMax} tries of ${answerMsMax} ms` });
}

async function awaitAnswer(
  clock: BridgeClock,
  line: SmpLine,
  asked: SmpPacket,
  answerMsMax: number,
): Promise<SmpFields | undefined> {
  const { promise, resolve } = Promise.withResolvers<SmpFields | undefined>();
  line.onPacket((packet) => {
    if (packet === undefined) return resolve(undefined);
    const isAnswer = packet.operation === asked.operation + 1 && packet.seq === asked.seq;
    if (!isAnswer || packet.group !== asked.group || packet.command !== asked.command) return;
    const fields = decodeFields(packet.body);
    if (fields !== undefined) resolve(fields);
  });
  using _deadline = clock.after(answerMsMax, () => resolve(undefined));
  return await promise;
}
