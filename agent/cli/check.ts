import { unreadable } from '../config/unreadable.ts';
import { configOption, loadForCli } from './config-option.ts';
import { exitCodes, isSet, type Verb } from './verb.ts';

export const checkVerb: Verb = {
  name: 'check',
  operands: '[FILE]',
  summary:
    'Checks a configuration: tells every fault with file:line:column, and what of its files is not there. Touches nothing.',
  options: { ...configOption, json: { type: 'boolean', help: 'faults as a JSON array' } },
  examples: ['qn-agent check /etc/qn-agent/config.yaml'],
  exits: { 0: 'no faults', 77: 'a file cannot be read', 78: 'faults, each told' },
  async run(context, [file], options) {
    const loaded = await loadForCli(context, file === undefined ? options : { ...options, config: file });
    if (!loaded.ok) return loaded.error;
    const { config, hash } = loaded.value.checked;
    const secrets = await unreadable(config, context.env);
    for (const { resource, detail, fix = 'put it there before the agent starts' } of secrets)
      if (resource.startsWith('/')) context.err(`warning: ${resource}: ${detail} (${fix})`); // Variables are of the unit.
    const documents = Object.keys(config.documents).length;
    const summary = { ok: true, node: config.node, documents, hash };
    const text = `ok: node ${config.node}, ${documents} documents, ${config.mqtt.brokers.length} brokers, config ${hash}`;
    context.out(isSet(options, 'json') ? JSON.stringify(summary) : text);
    return exitCodes.ok;
  },
};
