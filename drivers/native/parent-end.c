#include "parent-end.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

napi_value tell_parent_end(napi_env env, napi_callback_info info) {
  (void)info;
  if (prctl(PR_SET_PDEATHSIG, SIGUSR2) != 0) return make_failure(env, errno, "prctl");
  return make_ok(env, NULL);
}
