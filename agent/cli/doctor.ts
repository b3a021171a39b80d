import { configOption, configPathOf } from './config-option.ts';
import { exitCodes, isSet, textOption, type Verb } from './verb.ts';

export const doctorVerb: Verb = {
  name: 'doctor',
  operands: '',
  summary: 'Says what is wrong with this board, and the one command that mends it.',
  options: {
    ...configOption,
    ignore: {
      type: 'string',
      placeholder: 'CODE,…',
      help: 'checks to leave out: those somebody has decided to live with',
    },
    json: { type: 'boolean', help: 'as one JSON object' },
  },
  examples: ['qn-agent doctor', 'qn-agent doctor --ignore MQTT-08 --json | jq .findings'],
  exits: { 0: 'nothing is wrong', 1: 'it works, with warnings', 2: 'something does not work' },
  busy: 'looking',
  async run(context, _operands, options) {
    const { checkCodes, formatDiagnosis, runDoctor } = await import('./doctor-run.ts');
    const ignored = (textOption(options, 'ignore') ?? '').split(',').filter((code) => code !== '');
    const unknown = ignored.filter((code) => !checkCodes.has(code));
    if (unknown.length > 0) {
      context.err(`qn-agent doctor: no check has the code ${unknown.join(', ')}; --json lists all of them`);
      return exitCodes.usage;
    }
    const diagnosis = await runDoctor(context, configPathOf(context, options), new Set(ignored));
    if (isSet(options, 'json')) context.out(JSON.stringify(diagnosis, undefined, 2));
    else for (const line of formatDiagnosis(diagnosis)) context.out(line);
    return { ok: exitCodes.ok, warning: exitCodes.failed, problem: exitCodes.ill }[diagnosis.status];
  },
};
