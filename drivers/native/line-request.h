/* A request of lines, as the kernel takes it, from the object that addon.ts calls NativeRequest. */
#ifndef QN_LINE_REQUEST_H
#define QN_LINE_REQUEST_H

#include <linux/gpio.h>

#include "js.h"

/* Throws for what is no request; `target` is zeroed before, and half filled then. */
bool read_request(napi_env env, napi_value request, struct gpio_v2_line_request *target);

#endif
