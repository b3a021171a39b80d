import { reportBoard } from './report-board.ts';

/*
 * The contract suites, the native file and the self-test of the bundle on a real arm64 kernel with gpio-sim and two serial cards, in two
 * machines that QEMU emulates: one for each processor that a small computer has.
 */
await reportBoard(['selftest-and-serial', 'gpio']);
