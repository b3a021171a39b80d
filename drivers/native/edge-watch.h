/* Edge events of a request, told by the event loop: no thread, and no wait. */
#ifndef QN_EDGE_WATCH_H
#define QN_EDGE_WATCH_H

#include "handle.h"

/* Keeps `object`, the JavaScript side of `lines`, alive until it is stopped. 0, or an errno. */
int watch_start(napi_env env, struct handle *lines, napi_value object, napi_value listener);
/* Idempotent; afterwards the listener is not called. */
void watch_stop(napi_env env, struct handle *lines);

#endif
