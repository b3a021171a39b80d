/** Stamps of ids reserved at a time, so that none waits for the disk: few at the start of a life, then many. As in limits.ts. */
export const idReserveMsMin = 60_000;
export const idReserveMsMax = 3_600_000;
