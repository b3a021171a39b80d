/* The RS-485 mode of a serial port: its driver switches the direction of the line by RTS. */
#ifndef QN_RS485_H
#define QN_RS485_H

#include "js.h"

/* (fd, flags, beforeMs, afterMs) → { flags, beforeMs, afterMs } as the driver has taken them, which may be others. */
napi_value set_rs485(napi_env env, napi_callback_info info);

#endif
