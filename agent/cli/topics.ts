import { configOption, loadForCli } from './config-option.ts';
import { exitCodes, isSet, textOption, type Verb } from './verb.ts';

export const topicsVerb: Verb = {
  name: 'topics',
  operands: '',
  summary: 'Prints the topics of this board for others: rights for a broker, or an AsyncAPI document.',
  options: {
    ...configOption,
    acl: { type: 'string', placeholder: 'mosquitto', help: 'an acl_file: who may publish and read what' },
    asyncapi: { type: 'boolean', help: 'an AsyncAPI 3 document, as JSON' },
  },
  examples: ['qn-agent topics --acl mosquitto > pi-1.acl', 'qn-agent topics --asyncapi > pi-1.json'],
  exits: { 0: 'printed', 77: 'a file cannot be read', 78: 'faults in the configuration, each told' },
  async run(context, _operands, options) {
    const acl = textOption(options, 'acl');
    const isAsyncApi = isSet(options, 'asyncapi');
    if ((acl === undefined) !== isAsyncApi || (acl !== undefined && acl !== 'mosquitto')) {
      context.err('qn-agent topics: write --acl mosquitto or --asyncapi');
      return exitCodes.usage;
    }
    const loaded = await loadForCli(context, options);
    if (!loaded.ok) return loaded.error;
    const { printTopics } = await import('../topics/print-topics.ts');
    context.out(printTopics(loaded.value.checked.config, isAsyncApi ? 'asyncapi' : 'mosquitto').trimEnd());
    return exitCodes.ok;
  },
};
