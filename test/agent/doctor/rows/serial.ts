import { configOf } from '../../../support/memory-agent.ts';
import { soundBoard, soundPort } from '../../../support/sound-facts.ts';
import { board, health, port, type Row } from './plants.ts';

const modbus = board({
  config: configOf(
    {
      documents: [
        'serial.bus: { driver: modbus-rtu, port: /dev/serial/by-id/usb-A }',
        'meter.power: { driver: modbus-register, bus: serial.bus, unit: 3, register: 1, type: u16 }',
        'meter.energy: { driver: modbus-register, bus: serial.bus, unit: 3, register: 2, type: u16 }',
      ],
    },
    '/var/lib/qn-agent',
  ),
  gpio: { ...soundBoard.gpio, lines: new Map() },
  serial: [{ ...soundPort, document: 'serial.bus' }],
});
const silent = { driver: 'modbus-register', state: 'failed', error: 'no answer (check power)' } as const;

export const serialRows: readonly Row[] = [
  [
    'a port that is not for us',
    port({ isOpenable: false, group: 'dialout' }),
    'SER-01',
    'problem',
    'pi may not open /dev/ttyUSB0',
    'sudo usermod -aG dialout pi && newgrp dialout',
  ],
  [
    'a port that is for root alone',
    port({ isOpenable: false }),
    'SER-01',
    'problem',
    'pi may not open /dev/ttyUSB0',
    'sudo chgrp dialout /dev/ttyUSB0 && sudo chmod g+rw /dev/ttyUSB0 && sudo usermod',
  ],
  [
    'a port that is not for us, but for the agent',
    board({ serial: [{ ...soundPort, isOpenable: false }], disk: { ...soundBoard.disk, isForeign: true } }),
    'SER-01',
    'problem',
    'pi may not open /dev/ttyUSB0',
    'sudo qn-agent doctor',
  ],
  ['a console', port({ isConsole: true }), 'SER-02', 'problem', 'console', 'raspi-config'],
  [
    'a name that moves',
    port({ port: '/dev/ttyUSB0', stableName: '/dev/serial/by-id/usb-A' }),
    'SER-03',
    'warning',
    '/dev/ttyUSB0 of serial.scale',
    'by-id/usb-A',
  ],
  ['a port in use', port({ holders: ['picocom (pid 99)'] }), 'SER-04', 'problem', 'picocom (pid 99)', 'kill 99'],
  [
    'a port that is not there',
    board({ serial: [{ document: 'a', port: '/dev/ttyX', isOpenable: false, holders: [], isConsole: false }] }),
    'SER-05',
    'problem',
    '/dev/ttyX',
    'ls -l',
  ],
  [
    'a unit that does not answer',
    {
      ...modbus,
      ...health({
        drivers: { 'meter.power': silent, 'meter.energy': silent, 'serial.scale': { driver: 'serial-line' } },
      }),
    },
    'SER-06',
    'problem',
    'meter.power does not work: no answer (check power)',
    'qnctl selftest pi-1',
  ],
  [
    'a bus that takes no settings',
    {
      ...modbus,
      ...health({
        drivers: { 'meter.power': silent, 'serial.bus': { ...silent, driver: 'modbus-rtu', error: 'no parity' } },
      }),
    },
    'SER-06',
    'problem',
    'serial.bus does not work: no parity',
    'qnctl selftest pi-1',
  ],
];
