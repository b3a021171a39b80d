import { describe, expect, it } from 'vitest';
import { createTable } from '../../../agent/dispatch/table.ts';
import { Board } from '../../../agent/documents/board.ts';
import { FoundRows } from '../../../agent/documents/found-rows.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { configOf } from '../../support/memory-agent.ts';
import { watchSurroundings } from './surroundings.ts';

const documents = [
  'gpio.first: { driver: gpio-out, line: GPIO1 }',
  'gpio.ghost: { driver: gpio-out, line: GPIO99 }',
  'gpio.last: { driver: gpio-out, line: GPIO2, safe: { boot: on, exit: off } }',
];

async function open() {
  const wires = createMemoryBoard({ lines: ['GPIO1', 'GPIO2'] });
  const changes: [string, Value][] = [];
  let troubleCount = 0;
  const { clock, log, pool, random, openBytePort, pwm, memory } = watchSurroundings();
  const board = await Board.open(
    {
      ...{ clock, log, pool, random, openBytePort, pwm },
      memoryOf: () => memory,
      changed: (name, value) => void changes.push([name, value]),
      removed() {},
      happened() {},
      troubleChanged: () => void (troubleCount += 1),
      found: new FoundRows(),
    },
    ok(createSimulatedGpio(wires)),
    createTable(configOf({ documents }, '/tmp')).rows,
  );
  return { board, wires, changes, troubleCount: () => troubleCount };
}

describe('the board', () => {
  it('opens what it can, in the order of the config, and reports the rest', async () => {
    const { board, changes, troubleCount } = await open();
    expect(changes).toEqual([
      ['gpio.first', false],
      ['gpio.last', true],
    ]);
    expect(troubleCount()).toBe(1);
    expect(board.reports()).toMatchObject([
      { document: 'gpio.first', state: 'working', errorCount: 0 },
      { document: 'gpio.ghost', state: 'failed', errorCount: 1, error: expect.stringContaining('GPIO99') },
      { document: 'gpio.last', state: 'working', errorCount: 0 },
    ]);
    expect(board.document('gpio.ghost')).toMatchObject({ ok: false, error: { kind: 'absent' } });
    expect(board.document('no.such')).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });

  it('closes in reverse order, tells the exit states, and is closed afterwards', async () => {
    const { board, wires, changes } = await open();
    await board[Symbol.asyncDispose]();
    expect(changes.slice(2)).toEqual([
      ['gpio.last', false],
      ['gpio.first', false],
    ]);
    expect([wires.wire('GPIO1').holder, wires.wire('GPIO2').holder, wires.wire('GPIO2').level]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    expect(board.document('gpio.first')).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });
});
