import { health, type Row } from './plants.ts';

export const firmwareRows: readonly Row[] = [
  [
    'a silent microcontroller',
    health({ drivers: { 'firmware.mcu0': { driver: 'mcu', state: 'failed', error: 'silent' } } }),
    'FW-01',
    'problem',
    'firmware.mcu0 does not answer: silent',
    'qnctl query pi-1 firmware.mcu0',
  ],
  [
    'changed code',
    { code: { fault: 'qn-agent.cjs is not the one that was built' } },
    'FW-02',
    'problem',
    'qn-agent.cjs',
    'reinstall',
  ],
];
