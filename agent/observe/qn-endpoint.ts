import type { Result } from '../../drivers/contract/result.ts';
import type { Message } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { type HttpAnswer, refusalAnswer } from './http-answer.ts';
import type { LocalClients, LocalRefusal } from './local-clients.ts';
import type { LocalNotifier } from './local-notify.ts';
import { parseQnRequest, type QnRequest } from './qn-request.ts';

export interface QnEndpointDependencies {
  readonly clients: LocalClients;
  readonly notifier: LocalNotifier;
  /** Whether commands are taken at all. */
  readonly isWritable: boolean;
  isDocument(name: string): boolean;
  textOf(document: string, message: Message): string | undefined;
}

/** `POST /api/qn` (QN-5.4). */
export async function answerQn(dependencies: QnEndpointDependencies, body: Uint8Array): Promise<HttpAnswer> {
  const request = parseQnRequest(body);
  if (!request.ok) return refusalAnswer(request.error);
  const { document } = request.value;
  if (document !== undefined && !dependencies.isDocument(document)) return unknownDocument(document);
  switch (request.value.action) {
    case 'subscribe':
      return subscribe(dependencies, request.value);
    case 'unsubscribe':
      return unsubscribe(dependencies, request.value);
    case 'notify':
      return await notify(dependencies, request.value);
  }
}

type Action<Name extends QnRequest['action']> = Extract<QnRequest, { action: Name }>;

function subscribe({ clients, textOf }: QnEndpointDependencies, { client, document }: Action<'subscribe'>): HttpAnswer {
  const subscribed = clients.subscribe(client, document);
  if (!subscribed.ok) return localRefusal(subscribed.error, document);
  return messageAnswer('subscribed', textOf(document, subscribed.value));
}

function unsubscribe({ clients }: QnEndpointDependencies, { client, document }: Action<'unsubscribe'>): HttpAnswer {
  if (!clients.unsubscribe(client, document)) return localRefusal('no-client', client);
  return { code: 200, body: '{"status":"unsubscribed"}' };
}

/** The answer is the final ack, whatever it says: `st` tells whether the command was successful. */
async function notify(
  { notifier, isWritable, textOf }: QnEndpointDependencies,
  { client, document, value }: Action<'notify'>,
): Promise<HttpAnswer> {
  if (!isWritable)
    return refusalAnswer({
      reason: 'not-permitted',
      detail: 'this board takes no commands over HTTP; http.write: true allows it',
    });
  const source = client === undefined ? 'http' : `http-${client}`;
  const ack: Result<Message, Refusal> = await notifier.notify(source, document, value);
  if (!ack.ok) return refusalAnswer(ack.error, ack.error.reason === 'driver-timeout' ? 504 : undefined);
  return messageAnswer('ended', textOf(document, ack.value));
}

function messageAnswer(status: string, text: string | undefined): HttpAnswer {
  if (text === undefined) return refusalAnswer({ reason: 'internal', detail: 'the value cannot be said in JSON' }, 500);
  return { code: 200, body: `{"status":"${status}",${text.slice(1)}` };
}

function unknownDocument(name: string): HttpAnswer {
  return refusalAnswer({ reason: 'unknown-document', detail: `no document ${name} on this board; see its config` });
}

/** Of the part of this machine's applications. */
export function localRefusal(refusal: LocalRefusal, operand: string): HttpAnswer {
  const overloaded = (detail: string) => refusalAnswer({ reason: 'overloaded', detail }, 429);
  switch (refusal) {
    case 'no-value':
      return refusalAnswer(
        { reason: 'driver-absent', detail: `${operand} has no value: its driver did not open` },
        503,
      );
    case 'too-many-clients':
      return overloaded('too many clients; unsubscribe one, or wait until one is forgotten');
    case 'too-many-topics':
      return overloaded('too many topics for one client; unsubscribe some');
    case 'no-client':
      return refusalAnswer({ reason: 'malformed', detail: `no client ${operand}; subscribe first` }, 404);
  }
}
