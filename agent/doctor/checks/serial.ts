import { type Check, problem, type Trouble, warning } from '../check.ts';
import type { SerialFacts, UserFacts } from '../facts.ts';

export const serialChecks: readonly Check[] = [
  {
    code: 'SER-01',
    title: 'the serial ports can be opened',
    judge: judgePorts(({ document, device, isOpenable }, { name }) => {
      if (device === undefined || isOpenable) return [];
      return [problem(`${name} may not open ${device} of ${document}`, `sudo usermod -aG dialout ${name}`)];
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
      const fix = pids.length === 0 ? `sudo fuser -v ${port}` : `sudo kill ${pids.join(' ')}`;
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
];

function judgePorts(judge: (port: SerialFacts, user: UserFacts) => readonly Trouble[]): Check['judge'] {
  return ({ board, user }) => (board === undefined ? 'unknown' : board.serial.flatMap((port) => judge(port, user)));
}
