/*
 * Requested lines given to another process over a Unix socket: both hold them then, and they are free when both let go.
 *
 *   sendLines(socket, text, lines)   receiveLines(socket) → { text, lines }, without waiting
 */
#ifndef QN_PASS_LINES_H
#define QN_PASS_LINES_H

#include "js.h"

napi_value send_lines(napi_env env, napi_callback_info info);
napi_value receive_lines(napi_env env, napi_callback_info info);

#endif
