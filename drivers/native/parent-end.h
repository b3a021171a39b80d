/* Hearing of the end of the process that started this one. */
#ifndef QN_PARENT_END_H
#define QN_PARENT_END_H

#include "js.h"

/*
 * (): SIGUSR2 comes when the thread ends that started this process; in a program of Node.js, its main thread. The descriptors
 * of that process may be open still: they are, as long as one of its threads waits for a disk, and cannot be killed.
 */
napi_value tell_parent_end(napi_env env, napi_callback_info info);

#endif
