import { formatFault } from '../../config/fault.ts';
import { trustWarnings } from '../../health/warnings.ts';
import { type Check, onBoard, problem, warning } from '../check.ts';
import type { Facts } from '../facts.ts';
import { brokerRowsOf } from '../health-numbers.ts';
import { secretFix } from '../secret-fix.ts';
import { shellWord } from '../shell-word.ts';

export const configChecks: readonly Check[] = [
  {
    code: 'CFG-01',
    title: 'there is a configuration, and it can be read',
    judge({ configuration, user }) {
      const { path, trouble } = configuration;
      if (trouble === 'missing') {
        const fix = `sudo cp example.yaml ${shellWord(path)}; or name another file: qn-agent doctor --config FILE`;
        return [problem(`there is no configuration at ${path}`, fix)];
      }
      if (trouble === 'unreadable')
        return [problem(`${user.name} may not read ${path}`, `sudo chmod a+r ${shellWord(path)}`)];
      return [];
    },
  },
  {
    code: 'CFG-02',
    title: 'the configuration has no fault',
    judge({ configuration }) {
      const { path, trouble, faults } = configuration;
      const [first] = faults;
      if (trouble === 'missing' || trouble === 'unreadable') return 'unknown';
      if (first === undefined) return [];
      const more = faults.length === 1 ? '' : `, and ${faults.length - 1} more`;
      return [
        problem(`the configuration has a fault: ${formatFault(first)}${more}`, `qn-agent check ${shellWord(path)}`),
      ];
    },
  },
  {
    code: 'CFG-03',
    title: 'the agent runs with this configuration',
    judge({ configuration, agent }) {
      if (agent === undefined || configuration.hash === undefined) return 'unknown';
      if (agent.configHash === configuration.hash || configuration.lookedAt?.config !== 'file') return [];
      const cause = `the agent runs with another configuration (${brief(agent.configHash)}) than ${configuration.path} says now (${brief(configuration.hash)})`;
      return [
        warning(cause, `qnctl reload ${shellWord(configuration.path)}; where it came from: qn-agent config history`),
      ];
    },
  },
  {
    code: 'CFG-04',
    title: 'every file of the configuration is used',
    judge: ({ configuration }) =>
      configuration.warnings.map((fault) => {
        const name = fault.file ?? configuration.path;
        return warning(formatFault(fault), `sudo mv ${shellWord(name)} ${shellWord(name.replace(/\.yml$/, '.yaml'))}`);
      }),
  },
  {
    code: 'CFG-05',
    title: 'passwords, keys and certificates can be read',
    judge: (facts) =>
      facts.configuration.secrets
        .filter(({ resource }) => resource.startsWith('/') || !hasSecrets(facts))
        .map((secret) => problem(`${secret.resource} cannot be read: ${secret.detail}`, secretFix(secret, facts))),
  },
  {
    code: 'CFG-06',
    title: 'configs over the air are taken only from keys this board trusts',
    judge: onBoard(({ config }, { clock }) =>
      trustWarnings(config, clock.wallMs).map(({ text }) =>
        warning(text, 'qnctl keys new NAME; it prints what to write as trust.keys'),
      ),
    ),
  },
];

/** The agent that runs has its password from its unit, whatever is in the environment of this program. */
function hasSecrets({ agent }: Facts): boolean {
  return agent !== undefined && brokerRowsOf(agent).every(({ code }) => code !== 'credentials-unreadable');
}

function brief(hash: string): string {
  return hash.slice(0, 8);
}
