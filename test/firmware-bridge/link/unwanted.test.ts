import { expect, it } from 'vitest';
import { linkWaitingCountMax } from '../../../firmware-bridge/limits.ts';
import { linkType } from '../../../firmware-bridge/link/frame.ts';
import { kindsOf, sentBy, sessionRig, settledBy } from './session-rig.ts';

/** Four bodies under way, tickets 1 to 4; and a way to send one that is wanted as long as the test says. */
function fullWindow() {
  const rig = sessionRig();
  rig.rise();
  for (const ticket of [1, 2, 3, 4]) rig.send(ticket, ticket);
  const asked: number[] = [];
  const unwanted = new Set<number>();
  const send = (ticket: number, isUrgent = false) => {
    const isWanted = () => {
      asked.push(ticket);
      return !unwanted.has(ticket);
    };
    return rig.step({ kind: 'send', ticket, body: Uint8Array.of(ticket), isUrgent, isWanted });
  };
  return { rig, asked, send, drop: (ticket: number) => void unwanted.add(ticket) };
}

it('what is not wanted any more when the window has room for it is left out, and no number is missing', () => {
  const { rig, asked, send, drop } = fullWindow();
  for (const ticket of [5, 6, 7, 8]) expect(send(ticket)).toEqual([]);
  expect(asked).toEqual([]);
  drop(5);
  drop(7);
  const effects = rig.say(linkType.ack, 1, 4);
  expect(settledBy(effects)).toEqual(['1 acknowledged', '2 acknowledged', '5 unwanted', '7 unwanted']);
  expect(sentBy(effects)).toEqual(['data 4', 'data 5']);
  expect(asked).toEqual([5, 6, 7, 8]);
  expect(settledBy(rig.say(linkType.ack, 5, 4))).toEqual(
    ['3', '4', '6', '8'].map((ticket) => `${ticket} acknowledged`),
  );
});

it('where there is room at once it is asked at once', () => {
  const { rig, send, drop } = fullWindow();
  rig.say(linkType.ack, 3, 4);
  drop(5);
  expect(send(5)).toEqual([{ kind: 'settle', ticket: 5, outcome: 'unwanted' }]);
  expect(sentBy(send(6))).toEqual(['data 4']);
});

it('an urgent one is left out as any other', () => {
  const { rig, send, drop } = fullWindow();
  send(5);
  send(6, true);
  drop(6);
  const effects = rig.say(linkType.ack, 0, 4);
  expect([settledBy(effects), sentBy(effects)]).toEqual([['1 acknowledged', '6 unwanted'], ['data 4']]);
});

it('what is under way is sent again, wanted or not, and nobody asks', () => {
  const { rig, asked, send, drop } = fullWindow();
  send(5);
  rig.say(linkType.ack, 0, 4);
  expect(asked).toEqual([5]);
  drop(5);
  expect(sentBy(rig.tickWhenDue())).toEqual(['data 1', 'data 2', 'data 3', 'data 4']);
  expect(settledBy(rig.say(linkType.ack, 4, 4))).toEqual(
    ['2', '3', '4', '5'].map((ticket) => `${ticket} acknowledged`),
  );
  expect(asked).toEqual([5]);
});

it('each ends once: left out, refused, or down with the link', () => {
  const { rig, send, drop } = fullWindow();
  for (let ticket = 5; ticket < 5 + linkWaitingCountMax; ticket += 1) expect(kindsOf(send(ticket))).toEqual([]);
  expect(settledBy(send(900))).toEqual(['900 busy']);
  for (let ticket = 5; ticket < 65; ticket += 1) drop(ticket);
  const moved = rig.say(linkType.ack, 0, 4);
  expect(settledBy(moved)).toEqual([
    '1 acknowledged',
    ...Array.from({ length: 60 }, (_, index) => `${index + 5} unwanted`),
  ]);
  expect(sentBy(moved)).toEqual(['data 4']);
  const lost = rig.greet({ nonce: 5 });
  expect(settledBy(lost)).toEqual([2, 3, 4, 65, 66, 67, 68].map((ticket) => `${ticket} down`));
});
