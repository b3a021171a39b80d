import { soundBoard } from '../../../support/sound-facts.ts';
import { absent, backend, board, gpio, line, type Row } from './plants.ts';

export const gpioRows: readonly Row[] = [
  ['no chip', backend('auto', { chips: [] }), 'GPIO-01', 'problem', '/dev/gpiochip0', 'simulated'],
  [
    'no chip where one is asked for',
    backend('gpiochip', { chips: [], hasSysfs: true }),
    'GPIO-01',
    'problem',
    '/dev/gpiochip0',
    'modprobe',
  ],
  [
    'no sysfs',
    backend('sysfs', { trouble: absent }),
    'GPIO-02',
    'problem',
    '/sys/class/gpio',
    'gpio.backend: gpiochip',
  ],
  [
    'a chip that is not for us',
    gpio({ chips: [{ path: '/dev/gpiochip0', isOpenable: false }] }),
    'GPIO-03',
    'problem',
    'pi may not open /dev/gpiochip0',
    'groupadd -f gpio && sudo chgrp gpio /dev/gpiochip0 && sudo chmod g+rw /dev/gpiochip0 && sudo usermod -aG gpio pi',
  ],
  [
    'a chip that is not for us, but for a group',
    board({ gpioGroup: 'pins', gpio: { ...soundBoard.gpio, chips: [{ path: '/dev/gpiochip0', isOpenable: false }] } }),
    'GPIO-03',
    'problem',
    'pi may not open /dev/gpiochip0',
    'sudo usermod -aG pins pi && newgrp pins',
  ],
  [
    'a line of somebody else',
    line({ state: 'held', consumer: 'led-hat' }),
    'GPIO-04',
    'problem',
    'GPIO17 of gpio.relay1 is held by led-hat',
    'gpioinfo',
  ],
  [
    'a line of another process',
    line({ state: 'held', consumer: 'qn-agent', pid: 99 }),
    'GPIO-04',
    'problem',
    'process 99',
    'kill 99',
  ],
  [
    'a line that is not there',
    line({ state: 'absent', detail: 'no such name', fix: 'did you mean GPIO18' }),
    'GPIO-05',
    'problem',
    'no such name',
    'GPIO18',
  ],
];
