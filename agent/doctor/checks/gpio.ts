import { formatLine, type LineAddress } from '../../../drivers/contract/digital.ts';
import type { LineSight } from '../../../drivers/gpio-survey.ts';
import { admitFix } from '../admit.ts';
import { type Check, onBoard, problem, type Trouble, warning } from '../check.ts';
import type { AgentFacts, BoardFacts, Facts } from '../facts.ts';
import { failedDrivers } from '../health-numbers.ts';

export const gpioChecks: readonly Check[] = [
  {
    code: 'GPIO-01',
    title: 'there is a GPIO chip',
    judge: onBoard(({ config, gpio }) => {
      const { backend } = config.gpio;
      if (backend === 'simulated' || backend === 'sysfs' || !needsGpio(config)) return [];
      if (gpio.chips.length > 0 || (backend === 'auto' && gpio.hasSysfs)) return [];
      const fix = 'sudo modprobe -a gpio-bcm-virt pinctrl-bcm2835; without hardware set gpio.backend: simulated';
      return [problem('this machine has no GPIO chip: there is no /dev/gpiochip0', fix)];
    }),
  },
  {
    code: 'GPIO-02',
    title: 'the sysfs interface is there, if it is asked for',
    judge: onBoard(({ config, gpio }) => {
      if (config.gpio.backend !== 'sysfs' || !needsGpio(config) || gpio.trouble === undefined) return [];
      const cause = `gpio.backend is sysfs, which this kernel does not have: ${gpio.trouble.detail}`;
      return [problem(cause, 'set gpio.backend: gpiochip in the config')];
    }),
  },
  {
    code: 'GPIO-03',
    title: 'the GPIO chips can be opened',
    judge: onBoard((board, facts) => {
      const { backend } = board.config.gpio;
      if (backend === 'simulated' || backend === 'sysfs' || !needsGpio(board.config)) return [];
      const closed = board.gpio.chips.filter(({ isOpenable }) => !isOpenable).map(({ path }) => path);
      if (closed.length === 0) return [];
      const fix = admitFix(facts, closed.join(' '), board.gpioGroup, 'gpio');
      return [problem(`${facts.user.name} may not open ${closed.join(', ')}`, fix)];
    }),
  },
  {
    code: 'GPIO-04',
    title: 'no line is held by somebody else',
    judge: judgeLines((document, line, sight, facts) => {
      if (sight.state !== 'held' || isOwn(sight, facts.agent)) return [];
      const { consumer, pid } = sight;
      if (isKept(sight, facts.agent)) {
        const cause = `${line} of ${document} is held by ${consumer}, and no agent runs: qn-guard keeps it for the next one`;
        return [warning(cause, 'sudo systemctl start qn-agent')];
      }
      const by = pid === undefined ? consumer : `${consumer}, process ${pid}`;
      const fix = pid === undefined ? `gpioinfo | grep '"${consumer}"'` : `sudo kill ${pid}`;
      return [problem(`${line} of ${document} is held by ${by}`, fix)];
    }),
  },
  {
    code: 'GPIO-05',
    title: 'every line of the config is there',
    judge: judgeLines((document, line, sight) => {
      if (sight.state !== 'absent') return [];
      return [problem(`${line} of ${document} is not there: ${sight.detail}`, sight.fix ?? 'gpioinfo')];
    }),
  },
  {
    code: 'GPIO-06',
    title: 'the lines do what the agent tells them',
    judge({ agent, board }) {
      if (agent === undefined || board === undefined) return 'unknown';
      const { config, gpio } = board;
      // Where a line cannot be had at all, the checks above tell why.
      if (gpio.trouble !== undefined || gpio.chips.some(({ isOpenable }) => !isOpenable)) return [];
      const isTold = new Set(
        linesOf(config)
          .filter(({ line }) => isLost(gpio.lines.get(formatLine(line)), agent))
          .map(({ document }) => document),
      );
      return failedDrivers(agent, /^(gpio|pwm)-/)
        .filter(({ name }) => !isTold.has(name))
        .map(({ name, error }) => problem(`${name} does not work: ${error}`, `qnctl selftest ${config.node}`));
    },
  },
];

function isLost(sight: LineSight | undefined, agent: AgentFacts): boolean {
  return sight?.state === 'absent' || (sight?.state === 'held' && !isOwn(sight, agent));
}

function needsGpio(config: BoardFacts['config']): boolean {
  return linesOf(config).length > 0;
}

/** The lines of the config with the document each belongs to. */
export function linesOf({ documents }: BoardFacts['config']): readonly { document: string; line: LineAddress }[] {
  return Object.entries(documents).flatMap(([document, config]) =>
    'line' in config ? [{ document, line: config.line }] : [],
  );
}

/** The agent that runs here holds its own lines; so does its guard. */
function isOwn({ consumer, pid }: LineSight & { readonly state: 'held' }, agent: AgentFacts | undefined): boolean {
  if (agent === undefined) return false;
  return pid === undefined ? consumer.startsWith('qn-') : pid === agent.pid;
}

/** Of the character device: the kernel tells no process there. */
function isKept({ consumer, pid }: LineSight & { readonly state: 'held' }, agent: AgentFacts | undefined): boolean {
  return agent === undefined && pid === undefined && consumer.startsWith('qn-');
}

function judgeLines(
  judge: (document: string, line: string, sight: LineSight, facts: Facts) => readonly Trouble[],
): Check['judge'] {
  return onBoard(({ config, gpio }, facts) =>
    linesOf(config).flatMap(({ document, line }) => {
      const name = formatLine(line);
      return judge(document, name, gpio.lines.get(name) ?? { state: 'unknown' }, facts);
    }),
  );
}
