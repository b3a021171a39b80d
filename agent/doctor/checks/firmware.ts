import { type Check, onAgent, problem } from '../check.ts';
import { failedDrivers } from '../health-numbers.ts';

export const firmwareChecks: readonly Check[] = [
  {
    code: 'FW-01',
    title: 'the microcontrollers answer',
    judge: onAgent((agent, { board }) => {
      const node = board?.config.node ?? 'NODE';
      return failedDrivers(agent, /^mcu$/).map(({ name, error }) =>
        problem(`the microcontroller ${name} does not answer: ${error}`, `qnctl query ${node} ${name}`),
      );
    }),
  },
  {
    code: 'FW-02',
    title: 'the code of the agent is the one that was built',
    judge({ code }) {
      if (code.fault === undefined) return [];
      return [
        problem(
          `the code of the agent was changed: ${code.fault}`,
          'sudo dpkg --configure -a; sudo apt-get install --reinstall qn-agent',
        ),
      ];
    },
  },
];
