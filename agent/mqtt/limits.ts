/** Topic filters in one SUBSCRIBE; the rest is asked for behind its SUBACK. AWS IoT hangs up on more. */
export const subscribeFiltersMax = 8;
