/** Topic filters in one SUBSCRIBE; the rest is asked for behind its SUBACK. AWS IoT hangs up on more. */
export const subscribeFiltersMax = 8;
/** For so long a message that the broker did not take stands in the health report. */
export const unsaidMs = 600_000;
