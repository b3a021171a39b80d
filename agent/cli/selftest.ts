import { chooseConfig } from './choose-config.ts';
import { configOption } from './config-option.ts';
import type { Verb } from './verb.ts';

export const selftestVerb: Verb = {
  name: 'selftest',
  operands: '',
  summary: 'Tests this board with the config a start would take, its code, its disk and its way to the broker.',
  options: {
    ...configOption,
    mode: { type: 'string', placeholder: 'quick|full', help: 'within 1 s, or everything within 30 s (default quick)' },
    output: { type: 'string', placeholder: 'text|json', help: 'how to print the report (default text)' },
    json: { type: 'boolean', help: 'the same as --output json' },
    loopback: { type: 'string', placeholder: 'A:B', help: 'toggle line A and watch line B, which a wire joins to it' },
    'serial-loopback': {
      type: 'string',
      placeholder: 'DOCUMENT',
      help: 'write to a port whose TX and RX a wire joins',
    },
  },
  examples: [
    'qn-agent selftest',
    'qn-agent selftest --mode full --loopback 17:27',
    'qn-agent selftest --output json | jq .health_status',
  ],
  exits: {
    0: 'PASS, or DEGRADED: the board can do its work',
    1: 'FAIL',
    77: 'a file cannot be read',
    78: 'a fault in the configuration',
  },
  busy: 'testing',
  async run(context, _operands, options) {
    const { testLocally } = await import('./selftest-run.ts');
    return await testLocally(context, options, chooseConfig);
  },
};
