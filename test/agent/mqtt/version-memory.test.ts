import { describe, expect, it } from 'vitest';
import { protocolRetryCount } from '../../../agent/limits.ts';
import { createVersionMemory } from '../../../agent/mqtt/version-memory.ts';

describe('the version a broker is asked in', () => {
  it('is 5, and at once 3.1.1 where 5 was refused', () => {
    const memory = createVersionMemory(undefined);
    expect(memory.protocolVersion).toBe(5);
    expect(memory.refused()).toBe(true);
    expect(memory.protocolVersion).toBe(4);
    memory.ended(true);
    expect(memory.protocolVersion).toBe(4);
  });

  it('does not go round in circles with a broker that refuses both', () => {
    const memory = createVersionMemory(undefined);
    expect([memory.refused(), memory.refused()]).toEqual([true, false]);
    expect(memory.protocolVersion).toBe(5);
  });

  it('is 5 again after enough failed connects, counted since the last good one', () => {
    const memory = createVersionMemory(undefined);
    memory.refused();
    for (let count = 0; count < protocolRetryCount - 1; count += 1) memory.ended(false);
    memory.cameUp();
    for (let count = 0; count < protocolRetryCount - 1; count += 1) memory.ended(false);
    expect(memory.protocolVersion).toBe(4);
    memory.ended(false);
    expect(memory.protocolVersion).toBe(5);
  });

  it('is guessed for one attempt where CONNECT got no answer but the end', () => {
    const memory = createVersionMemory(undefined);
    expect(memory.hungUp()).toBe(true);
    expect(memory.protocolVersion).toBe(4);
    expect(memory.hungUp()).toBe(false);
    memory.ended(false);
    expect(memory.protocolVersion).toBe(5);
  });

  it('is asked anew after a guess that worked, because it may have been the network', () => {
    const memory = createVersionMemory(undefined);
    memory.hungUp();
    memory.cameUp();
    expect(memory.protocolVersion).toBe(4);
    memory.ended(true);
    expect(memory.protocolVersion).toBe(5);
  });

  it('is not guessed for a broker that once spoke 5', () => {
    const memory = createVersionMemory(undefined);
    memory.cameUp();
    expect(memory.hungUp()).toBe(false);
    expect(memory.protocolVersion).toBe(5);
  });

  it.each([4, 5] as const)('never changes where it was fixed to %d', (version) => {
    const memory = createVersionMemory(version);
    expect([memory.refused(), memory.hungUp()]).toEqual([false, false]);
    for (let count = 0; count < protocolRetryCount; count += 1) memory.ended(false);
    expect(memory.protocolVersion).toBe(version);
  });
});
