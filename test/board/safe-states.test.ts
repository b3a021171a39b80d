import { reportBoard } from './report-board.ts';

/* The matrix of safe states at the wire, on an emulated board of its own: it starts the agent again and again. */
await reportBoard(['safe-states']);
