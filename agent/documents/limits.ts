/**
 * Times a safe state that is on is tried again, every safeRetryMs, while its group is taken or no write succeeds. Over it:
 * give up, and leave the output as it is.
 */
export const safeOnTriesMax = 60;
