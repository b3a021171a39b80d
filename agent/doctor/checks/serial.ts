import { admitFix } from '../admit.ts';
import { type Check, onBoard, problem, type Trouble, warning } from '../check.ts';
import type { Facts, SerialFacts } from '../facts.ts';
import { failedDrivers } from '../health-numbers.ts';
import { shellWord } from '../shell-word.ts';

export const serialChecks: readonly Check[] = [
  {
    code: 'SER-01',
    title: 'the serial ports can be opened',
    judge: judgePorts(({ document, device, isOpenable, group }, facts) => {
      if (device === undefined || isOpenable) return [];
      const fix = admitFix(facts, device, group, 'dialout');
      return [problem(`${facts.user.name} may not open ${device} of ${document}`, fix)];
    }),
  },
  {
    code: 'SER-02',
    title: 'no serial port is a console',
    judge: judgePorts(({ document, port, isConsole }) => {
      if (!isConsole) return [];
      const cause = `${port} of ${document} is the console of the kernel: it writes its messages there`;
      return [problem(cause, 'sudo raspi-config nonint do_serial_cons 1 && sudo reboot')];
    }),
  },
  {
    code: 'SER-03',
    title: 'serial ports have names that stay',
    judge: judgePorts(({ document, port, stableName }) => {
      if (stableName === undefined) return [];
      const cause = `${port} of ${document} can be another device after the next start or plugging in`;
      return [warning(cause, `set documents.${document}.port: ${stableName} in the config`)];
    }),
  },
  {
    code: 'SER-04',
    title: 'no serial port is in use by somebody else',
    judge: judgePorts(({ document, port, holders }) => {
      if (holders.length === 0) return [];
      const pids = holders.flatMap((holder) => /\(pid (\d+)\)$/.exec(holder)?.[1] ?? []);
      const fix = pids.length === 0 ? `sudo fuser -v ${shellWord(port)}` : `sudo kill ${pids.join(' ')}`;
      return [problem(`${port} of ${document} is in use by ${holders.join(', ')}`, fix)];
    }),
  },
  {
    code: 'SER-05',
    title: 'every serial port of the config is there',
    judge: judgePorts(({ document, port, device }) =>
      device === undefined
        ? [problem(`${port} of ${document} is not there`, 'ls -l /dev/serial/by-id /dev/ttyAMA* /dev/ttyS*')]
        : [],
    ),
  },
  {
    code: 'SER-06',
    title: 'what is on the serial lines answers',
    judge({ agent, board }) {
      if (agent === undefined || board === undefined) return 'unknown';
      const { documents, node } = board.config;
      const failed = failedDrivers(agent, /^(serial|modbus)-/);
      const isTold = new Set(board.serial.filter(isTrouble).map(({ document }) => document)); // SER-01, SER-04, SER-05
      const lost = new Set(failed.map(({ name }) => name));
      return failed.flatMap(({ name, error }) => {
        const config = documents[name];
        const isRegister = config?.driver === 'modbus-register';
        // A bus says it for all of its registers, and one register for all of its unit.
        const place = isRegister ? `${config.bus} ${config.unit}` : name;
        if (isTold.has(place) || (isRegister && lost.has(config.bus))) return [];
        isTold.add(place);
        return [problem(`${name} does not work: ${error}`, `qnctl selftest ${node}`)];
      });
    },
  },
];

/** What the checks above tell of. */
function isTrouble({ device, isOpenable, holders }: SerialFacts): boolean {
  return device === undefined || !isOpenable || holders.length > 0;
}

function judgePorts(judge: (port: SerialFacts, facts: Facts) => readonly Trouble[]): Check['judge'] {
  return onBoard(({ serial }, facts) => serial.flatMap((port) => judge(port, facts)));
}
