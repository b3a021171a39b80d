#include "rs485.h"

#include <errno.h>
#include <limits.h>
#include <linux/serial.h>
#include <sys/ioctl.h>

napi_value set_rs485(napi_env env, napi_callback_info info) {
  napi_value arguments[4], object;
  uint64_t fd = 0, flags = 0, before_ms = 0, after_ms = 0;
  if (!read_arguments(env, info, 4, arguments) || !read_integer(env, arguments[0], "fd", 0, INT_MAX, &fd) ||
      !read_integer(env, arguments[1], "flags", 0, UINT32_MAX, &flags) ||
      !read_integer(env, arguments[2], "beforeMs", 0, UINT32_MAX, &before_ms) ||
      !read_integer(env, arguments[3], "afterMs", 0, UINT32_MAX, &after_ms)) {
    return NULL;
  }
  struct serial_rs485 mode = {
      .flags = (uint32_t)flags,
      .delay_rts_before_send = (uint32_t)before_ms,
      .delay_rts_after_send = (uint32_t)after_ms,
  };
  if (ioctl((int)fd, TIOCSRS485, &mode) != 0) return make_failure(env, errno, "TIOCSRS485");
  bool is_made = is_sound(env, napi_create_object(env, &object)) && set_number(env, object, "flags", mode.flags) &&
                 set_number(env, object, "beforeMs", mode.delay_rts_before_send) &&
                 set_number(env, object, "afterMs", mode.delay_rts_after_send);
  return is_made ? make_ok(env, object) : NULL;
}
