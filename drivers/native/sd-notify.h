/* One datagram to the service manager. Node has no datagrams over AF_UNIX. */
#ifndef QN_SD_NOTIFY_H
#define QN_SD_NOTIFY_H

#include "js.h"

/* (address, text): the address is a path, or a name behind `@`, as in NOTIFY_SOCKET. Never waits. */
napi_value sd_notify(napi_env env, napi_callback_info info);

#endif
