import { describe, expect, it } from 'vitest';
import { Lane, type Work } from '../../../agent/dispatch/lane.ts';
import type { OpenDocument, Performed } from '../../../agent/documents/kind.ts';
import { documentQueueCountMax } from '../../../agent/limits.ts';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';

/** A document whose effects end when the test says so. */
function slowDocument() {
  const pending: PromiseWithResolvers<Result<void>>[] = [];
  const document: OpenDocument = {
    perform() {
      const one = Promise.withResolvers<Result<void>>();
      pending.push(one);
      return one.promise;
    },
    probe: () => ok(''),
    async [Symbol.asyncDispose]() {},
  };
  return { document, pending };
}

/** Writes down what the lane does. */
function recorder() {
  const events: string[] = [];
  const work = (name: string, begins = true): Work => ({
    effect: { do: 'set', on: true },
    begin() {
      events.push(`begin ${name}`);
      return begins;
    },
    end: (result) => void events.push(`end ${name} ${endOf(result)}`),
  });
  return { events, work };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a lane', () => {
  it('does one effect at a time, in order', async () => {
    const { document, pending } = slowDocument();
    const lane = new Lane(document);
    const { events, work } = recorder();
    for (const name of ['a', 'b', 'c']) lane.add(work(name));
    expect(events).toEqual(['begin a']);
    pending[0]!.resolve(ok());
    await settle();
    expect(events).toEqual(['begin a', 'end a ok', 'begin b']);
    pending[1]!.resolve(fail({ kind: 'timeout', operation: 'write', resource: 'x', detail: 'late' }));
    await settle();
    expect(events.slice(3)).toEqual(['end b timeout', 'begin c']);
  });

  it('leaves out what is too late when its turn comes', async () => {
    const { document, pending } = slowDocument();
    const lane = new Lane(document);
    const { events, work } = recorder();
    lane.add(work('a'));
    lane.add(work('late', false));
    lane.add(work('c'));
    pending[0]!.resolve(ok());
    await settle();
    expect(events).toEqual(['begin a', 'end a ok', 'begin late', 'begin c']);
    expect(pending).toHaveLength(2);
  });

  it(`lets ${documentQueueCountMax} wait behind the one under way, and not one more`, () => {
    const { document } = slowDocument();
    const lane = new Lane(document);
    const { work } = recorder();
    lane.add(work('under way'));
    for (let count = 0; count < documentQueueCountMax; count += 1) {
      expect(lane.isFull).toBe(false);
      lane.add(work(`${count}`));
    }
    expect(lane.isFull).toBe(true);
    expect(() => lane.add(work('one more'))).toThrow('a full lane takes no work');
  });

  it('is done with synchronous effects when add returns', () => {
    const document: OpenDocument = { perform: () => ok(), probe: () => ok(''), async [Symbol.asyncDispose]() {} };
    const { events, work } = recorder();
    new Lane(document).add(work('a'));
    expect(events).toEqual(['begin a', 'end a ok']);
  });

  it('fails the command of a driver that breaks its contract, and goes on', async () => {
    const { document, pending } = slowDocument();
    const lane = new Lane(document);
    const { events, work } = recorder();
    lane.add(work('a'));
    lane.add(work('b'));
    pending[0]!.reject(new Error('bug'));
    await settle();
    expect(events).toEqual(['begin a', 'end a io', 'begin b']);
  });

  it('is settled when the last one ended, and not before', async () => {
    const { document, pending } = slowDocument();
    const lane = new Lane(document);
    const { events, work } = recorder();
    lane.add(work('a'));
    lane.add(work('b'));
    const settled = lane.settled().then(() => events.push('settled'));
    pending[0]!.resolve(ok());
    await settle();
    expect(events).not.toContain('settled');
    pending[1]!.resolve(ok());
    await settled;
    expect(events.slice(-2)).toEqual(['end b ok', 'settled']);
    await new Lane(document).settled(); // An idle one is.
  });
});

function endOf(result: Performed): string {
  if (result.ok) return 'ok';
  return 'kind' in result.error ? result.error.kind : 'refused or superseded';
}
