#include "clock-error.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

napi_value clock_error(napi_env env, napi_callback_info info) {
  (void)info;
  struct timex state = {0}; /* No modes: nothing is set. */
  napi_value value;
  /* Not by libc, which makes another system call of it than the one the unit file opens. */
  if (syscall(SYS_adjtimex, &state) < 0) return make_failure(env, errno, "adjtimex");
  return is_sound(env, napi_create_double(env, (double)state.maxerror, &value)) ? make_ok(env, value) : NULL;
}
