/** Bounds of flashing over an AVR bootloader. What happens when a bound is met is written beside it. */

/** An answer to anything but the greeting. Over it: begin again with a reset, at the same page. */
export const stkAnswerMsMax = 500;
/** Optiboot blinks for 375 ms before it looks at its line; what was sent meanwhile waits in two bytes of the UART. */
export const stkGreetAnswerMsMax = 600;
/** Greetings after one reset. A second later the bootloader gives up and starts the program. */
export const stkGreetingsPerReset = 2;
/** Resets in a row without an answer. Over it: fail `timeout`. */
export const stkResetsMax = 4;
/** Resets in the middle of one page. Over it: fail `timeout`, or `verify` when it is the read-back that differs. */
export const stkPageTriesMax = 5;
/** Times that all pages are gone through until none had to be written. Over it: fail `timeout`. */
export const stkPassesMax = 10;
/** After the greeting, what is still coming of an earlier answer is thrown away for so long. */
export const stkSettleMs = 30;
/** One hand-over to the port. Over it: as no answer. */
export const stkWriteMsMax = 1_000;
