/* How far off the kernel thinks its clock is. */
#ifndef QN_CLOCK_ERROR_H
#define QN_CLOCK_ERROR_H

#include "js.h"

/* (): at most so many microseconds; it grows by itself while nobody sets the clock. EPERM: closed to this service. */
napi_value clock_error(napi_env env, napi_callback_info info);

#endif
