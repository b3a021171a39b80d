import { reportBoard } from './report-board.ts';

/*
 * The matrix of safe states at the wire, on an emulated board that starts the agent again and again; and beside it a wire
 * that is loose, and the doctor.
 */
await reportBoard(['safe-states', 'storm-and-doctor']);
