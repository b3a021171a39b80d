import { reportBoard } from './report-board.ts';

/*
 * The matrix of safe states at the wire, on an emulated board that starts the agent again and again; and beside it
 * a wire that is loose, the doctor, what a config leaves out, a chip that is unplugged, the safe mode, and the dead time of an interlock group.
 */
await reportBoard(['safe-states', 'storm-doctor-and-dead-time']);
