/**
 * Bounds of the firmware bridge, unit last in the name; agent/limits.ts has those of the agent, which this room cannot
 * import. What happens when a bound is met is written beside it. firmware-bridge/mcu/qn_link.h has the same numbers
 * for the other side; a test compares them.
 */

/** QN-8.1. Over it: refuse `out-of-range`. What arrives longer is discarded and counted. */
export const linkBodyBytesMax = 240;
/** Type and seq in front of the body, CRC behind it. */
export const linkOverheadBytes = 4;
/** What stands between two delimiters: COBS adds one byte to a frame of up to 254. */
export const linkEncodedBytesMax = linkBodyBytesMax + linkOverheadBytes + 1;

/** Numbered frames under way without an acknowledgement (QN-8.3). Over it: they wait. */
export const linkWindowCountMax = 4;
/** Bodies waiting for the window, those in it not counted. Over it: refuse `busy`. */
export const linkWaitingCountMax = 64;
/** Urgent ones may be so many more. Over it: refuse `busy`. */
export const linkUrgentCountMax = 16;
/** Frames waiting for the port. Over it: drop the newest; the protocol sends it again. */
export const linkTransmitCountMax = 64;
/** One hand-over to the port. Over it: what is left is dropped; the protocol sends it again. */
export const linkWriteMsMax = 1_000;

export const linkResendMsMin = 20;
export const linkResendMsMax = 1_000;
/** Until a round trip was measured. */
export const linkResendMsInitial = 200;
/** Times a frame is sent. Over it: the link is down. */
export const linkTriesMax = 5;

/** QN-8.4. The MCU goes to its safe state after so long without PING. */
export const linkWatchdogMsDefault = 1_000;
export const linkWatchdogMsMin = 100;
/** PINGs in one watchdog time, so that two lost ones in a row do not trip it. */
export const linkPingsPerWatchdog = 4;

/** PINGs that the clock of the other side is measured by, the best of them. When full: forget the oldest. */
export const linkClockSamplesMax = 8;

/** How often HELLO, WELCOME and RESET are repeated until they are answered. */
export const linkGreetEveryMs = 200;
/** WELCOMEs without an answer. Over it: begin again with RESET. */
export const linkWelcomesMax = 10;

/** Channels of one MCU. Over it: refuse `incompatible`. */
export const linkChannelsMax = 64;
export const linkChannelNameBytesMax = 32;

/** What a simulated MCU holds back in bad weather. When full: the newest chunk is lost, as on a wire. */
export const simulatedMcuHeldChunksMax = 256;

/** Documents that are not in the config, but found behind others: all channels of a board. Over it: left out. */
export const foundDocumentsMax = 512;
/** Channels declared for one microcontroller, as many as its link takes. Over it: refuse the config. */
export const mcuChannelsMax = 64;
/** Microcontrollers of one board. Over it: refuse the config. */
export const mcusMax = 8;
/** The board waits so long for a microcontroller at the start; then it goes on, and the health report says so. */
export const mcuFirstUpMsMax = 400;
/** From the moment it has a command until it told the value. Over it: fail `timeout`. */
export const mcuReportMsMax = 1_000;
/** A command waits so long for the end of a safe state that we asked for; then the microcontroller decides. */
export const mcuLiftMsMax = 500;
/** At exit we wait so long for its outputs to be safe; then its watchdog sees to that. */
export const mcuExitMsMax = 300;
/** Its log as events: so many at once, and per second. Over it: counted. */
export const mcuLogsBurstMax = 20;
export const mcuLogsPerS = 2;
/** Times that a link goes down within mcuLossesWindowMs. Over it: told once, and again when it was up for mcuCalmMs. */
export const mcuLossesCountMax = 10;
export const mcuLossesWindowMs = 60_000;
export const mcuCalmMs = 10_000;
export const mcuWatchdogMsMin = 100;
export const mcuWatchdogMsMax = 65_000;
export const mcuResetPulseMsMin = 1;
export const mcuResetPulseMsMax = 10_000;
export const mcuResetPulseMsDefault = 50;
/** The boot line is held so long behind a reset; a microcontroller has read it by then. */
export const mcuBootHoldMs = 50;
export const mcuResetAfterMsMin = 1_000;
/** The wait before a reset doubles with each that did not help. */
export const mcuResetAfterMsMax = 3_600_000;
