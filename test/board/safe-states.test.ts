import { reportBoard } from './report-board.ts';

/*
 * The matrix of safe states at the wire, on an emulated board that starts the agent again and again, and beside it a wire
 * that is loose: both take longer than all of board.test.ts.
 */
await reportBoard(['safe-states', 'storm']);
