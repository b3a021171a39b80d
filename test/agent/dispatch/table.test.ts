import { describe, expect, it } from 'vitest';
import { createTable, type Route } from '../../../agent/dispatch/table.ts';
import { configOf } from '../../support/memory-agent.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }', 'gpio.lamp: { driver: gpio-out, line: GPIO22 }'];
const bindings = (...filters: readonly string[]) =>
  `bindings:\n${filters.map((on) => `  - { on: "${on}", to: gpio.lamp }\n`).join('')}`;
const tableOf = (sections = '') => createTable(configOf({ documents, sections }, '/tmp'));

function brief(routes: readonly Route[]): readonly string[] {
  return routes.map((route) => `${route.to} ${'row' in route ? route.row.name : `${route.verb} ${route.document}`}`);
}

describe('the table of documents', () => {
  it('asks for its own topics, those of its groups, and what is bound, each once', () => {
    const sections = `groups: [line-1]\n${bindings('factory/#', 'factory/#')}`;
    expect(tableOf(sections).filters).toEqual([
      'qn/1/pi-1/notify/+',
      'qn/1/pi-1/query/+',
      'qn/1/@all/notify/+',
      'qn/1/@all/query/+',
      'qn/1/@line-1/notify/+',
      'qn/1/@line-1/query/+',
      'factory/#',
    ]);
  });

  it.each([
    ['qn/1/pi-1/notify/gpio.relay1', ['notify gpio.relay1']],
    ['qn/1/@all/query/gpio.lamp', ['query gpio.lamp']],
    ['qn/1/pi-1/query/selftest', ['own query selftest']],
    ['qn/1/pi-1/notify/channels', ['own notify channels']],
    ['qn/1/pi-1/notify/no.such', ['nobody notify no.such']],
    ['qn/1/@line-9/notify/gpio.relay1', []],
    ['qn/1/pi-2/notify/gpio.relay1', []],
    ['qn/1/pi-1/state/gpio.relay1', []],
    ['qn/1/pi-1/notify/BAD NAME', []],
    ['qn/1/pi-1/notify/gpio.relay1/more', []],
    ['qn/2/pi-1/notify/gpio.relay1', []],
    ['', []],
  ])('%s goes to %j', (topic, expected) => {
    expect(brief(tableOf().routes(topic))).toEqual(expected);
  });

  it('sends a bound topic to its document, once per binding', () => {
    const table = tableOf(bindings('factory/+', 'factory/stop'));
    expect(brief(table.routes('factory/stop'))).toEqual(['binding gpio.lamp', 'binding gpio.lamp']);
    expect(brief(table.routes('factory/start'))).toEqual(['binding gpio.lamp']);
    expect(table.routes('factory/a/b')).toEqual([]);
  });

  it('never takes what the node says itself for a command, whatever is bound', () => {
    const table = tableOf(bindings('#'));
    for (const verb of ['state', 'delta', 'event', 'ack', 'health']) {
      expect(table.routes(`qn/1/pi-1/${verb}/gpio.lamp`)).toEqual([]);
    }
    expect(brief(table.routes('qn/1/pi-2/event/gpio.button1'))).toEqual(['binding gpio.lamp']);
    expect(brief(table.routes('qn/1/pi-1/notify/gpio.relay1'))).toEqual(['notify gpio.relay1', 'binding gpio.lamp']);
  });
});
