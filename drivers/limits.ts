/**
 * Bounds of the drivers, unit last in the name; agent/limits.ts has those of the agent, which drivers cannot import.
 * What happens when a bound is met is written beside it.
 */

/** Changes a wire of the memory board remembers. When full: forget the oldest. */
export const wireEdgesCountMax = 4_096;
/** Lines of a memory board that creates them on demand. Over it: refuse `absent`. */
export const simulatedLinesCountMax = 1_024;
/** Log of one line of a folder board. Over it: start anew and keep one old file. */
export const wireLogBytesMax = 1_048_576;

/** What a simulated serial wire holds in each direction, as a kernel's buffer would. When full: the writer waits. */
export const simulatedWireBytesMax = 4_096;
/** Copied and handed to a socket at a time. When it is under way: the writer waits, with its deadline. */
export const socketPieceBytesMax = 16_384;
/** A simulated device must take the connection within this time. Over it: fail `timeout`. */
export const socketConnectMsMax = 5_000;

/** Read from a serial port at a time, and reads in one turn of the event loop; the rest comes in the next turn. */
export const serialReadBytesMax = 4_096;
export const serialReadsPerTurnMax = 16;

/** Edges of one line the kernel keeps until they are read, the most it can. When full: it drops the oldest. */
export const edgesQueuedCountMax = 1_024;

/** Lines given to another process in one message; so many fit into one. Over it: the rest stays with this process. */
export const passedLinesCountMax = 64;

/** After an export udev needs a moment to hand the files to the group. Over it: fail `denied` or `io`. */
export const sysfsExportTriesMax = 200;
export const sysfsExportTryEveryMs = 10;

/** From RTS to data and back on RS-485; the kernel cuts longer ones. Over it: refuse the config. */
export const rs485DelayMsMax = 100;

/** How often an open serial port or sysfs input is looked for, and a port that is absent. One system call each; no data is touched. */
export const presenceEveryMs = 500;
/** Wait between two tries to open a port that is there and does not open. It doubles from the first to the last. */
export const portReopenDelayMsMin = 250;
export const portReopenDelayMsMax = 30_000;
/** A port that went away more often than this within the window is left alone for the pause, and that is told. */
export const portLossesCountMax = 10;
export const portLossesWindowMs = 60_000;
export const portStormPauseMs = 60_000;
/** Other programs named in the error of a port that is held. The rest is not told. */
export const portHoldersCountMax = 4;
/** Ports named in the error of an address that fits none or several. The rest is counted. */
export const portCandidatesCountMax = 8;
/** From the folder of a tty up to that of its USB device. Over it: it is no USB port. */
export const usbFolderDepthMax = 6;

/** Longest frame of Modbus RTU: address, function, data and check sum. MODBUS over serial line V1.02, 2.5.1 */
export const modbusFrameBytesMax = 256;
/** No shorter pause between two frames, whatever the speed: timers are no finer. */
export const modbusSilenceMsMin = 2;
/** Commands that wait for their turn on a bus. Over it: refuse `busy`. */
export const modbusCommandsCountMax = 256;
/** Unanswered requests in a row, after which a unit is left alone for a pause that doubles from the first to the last. */
export const modbusFailuresCountMax = 3;
export const modbusPauseMsMin = 1_000;
export const modbusPauseMsMax = 30_000;

/** What a config may ask for. Over it: refuse the config. */
export const modbusUnitMax = 247;
export const modbusRegisterMax = 65_535;
export const modbusPollMsMin = 10;
export const modbusPollMsMax = 86_400_000;
export const modbusPollMsDefault = 1_000;
/** From the end of a request to the end of its answer. Over it: the unit has not answered. */
export const modbusAnswerMsMin = 10;
export const modbusAnswerMsMax = 10_000;
export const modbusAnswerMsDefault = 300;
