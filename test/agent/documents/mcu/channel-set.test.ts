import { describe, expect, it } from 'vitest';
import type { McuConfig } from '../../../../agent/config/mcu-config.ts';
import type { Child } from '../../../../agent/documents/kind.ts';
import { ChannelSet } from '../../../../agent/documents/mcu/channel-set.ts';
import { linkChannelsMax } from '../../../../firmware-bridge/limits.ts';
import type { Channel } from '../../../../firmware-bridge/link/bodies.ts';
import { watchSurroundings } from '../surroundings.ts';

function open(config: Partial<McuConfig> = {}, name = 'firmware.mcu0') {
  const adopted = new Map<string, Child>();
  const surroundings = {
    ...watchSurroundings(),
    name,
    adopt(child: Child) {
      if (adopted.has(child.name)) return undefined;
      adopted.set(child.name, child);
      return { changed() {}, happened() {}, [Symbol.dispose]: () => void adopted.delete(child.name) };
    },
  };
  const full = { channels: {}, priority: 'normal', ...config } as McuConfig;
  const link = {
    send: async () => ({ ok: true, value: undefined }) as const,
    lift: async () => {},
    trouble: undefined,
  };
  const set = new ChannelSet(full, surroundings, { clock: surroundings.clock, link, nextId: () => 1 });
  return { set, names: () => [...adopted.keys()], child: (child: string) => adopted.get(`${name}.${child}`) };
}

function output(number: number, name: string): Channel {
  return { number, role: 'output', valueType: 'bool', name };
}

describe('the channels of a microcontroller', () => {
  it('come and go with what the firmware tells; what the config declares stays', () => {
    const { set, names } = open({ channels: { kept: { priority: 'emergency', retained: 'refuse' } } });
    expect(names()).toEqual(['firmware.mcu0.kept']);
    expect(set.update([output(1, 'a'), output(2, 'b')])).toEqual([]);
    expect(names()).toEqual(['firmware.mcu0.kept', 'firmware.mcu0.a', 'firmware.mcu0.b']);
    set.update([output(2, 'b'), output(3, 'kept')]);
    expect(names()).toEqual(['firmware.mcu0.kept', 'firmware.mcu0.b']);
    expect([set.of(1), set.of(2)?.name, set.of(3)?.name]).toEqual([undefined, 'b', 'kept']);
    set.update([]);
    expect(names()).toEqual(['firmware.mcu0.kept']);
  });

  it('firmware that gives another name to each channel at every start leaves nothing behind', () => {
    const { set, names } = open();
    for (let start = 0; start < 200; start += 1) {
      set.update(Array.from({ length: linkChannelsMax }, (_, index) => output(index + 1, `s${start}-${index}`)));
      expect(names()).toHaveLength(linkChannelsMax);
    }
  });

  it('a name or number told twice is left out and said; the first one counts', () => {
    const { set, names } = open();
    const faults = set.update([output(1, 'a'), output(2, 'a'), output(1, 'b'), output(3, 'c')]);
    expect(faults).toEqual(['channel 2 a is there twice', 'channel 1 b is there twice']);
    expect(names()).toEqual(['firmware.mcu0.a', 'firmware.mcu0.c']);
  });

  it('a name that makes the whole too long is left out and said', () => {
    const long = `${'a'.repeat(31)}.${'b'.repeat(31)}.${'c'.repeat(31)}.${'d'.repeat(20)}`;
    const { set, names } = open({}, long);
    expect(set.update([output(1, 'x'.repeat(32)), output(2, 'ok')])).toEqual([
      `channel 1 ${'x'.repeat(32)} is no name of a document`,
    ]);
    expect(names()).toEqual([`${long}.ok`]);
  });

  it('have numbers counted from that of the microcontroller, and its priority, if not declared otherwise', () => {
    const { set, child } = open({
      number: 65_530,
      priority: 'emergency',
      channels: { own: { number: 7, priority: 'normal', retained: 'accept' } },
    });
    set.update([output(1, 'a'), output(6, 'beyond'), output(2, 'own')]);
    expect(child('a')?.config).toMatchObject({ number: 65_531, priority: 'emergency', retained: 'refuse' });
    expect(child('beyond')?.config).not.toHaveProperty('number');
    expect(child('own')?.config).toMatchObject({ number: 7, priority: 'normal', retained: 'accept' });
  });
});
