/*
 * The Linux GPIO character device (uAPI v2, linux/gpio.h, kernel 5.10 and later) for JavaScript, sd_notify, and the clock.
 * addon.ts has the types of what is exported here.
 *
 *   open(path) → chip                      info(chip) → { name, label, linesCount }
 *   line(chip, offset) → { name, consumer, flags }
 *   request(chip, { offsets, flags, values, debounceUs, eventsCountMax, consumer }) → lines
 *   set(lines, values, mask)               get(lines, mask) → values; bit n is the nth line of the request
 *   configure(lines, flags, values)        the same request with other flags; values as above, if they say output
 *   watch(lines, listener)                 listener gets results: arrays of edges, or what ended the watch
 *   close(chip or lines)                   counts() → { open, finalized }
 *   sdNotify(address, text)               sendLines, receiveLines: see pass-lines.h; setRs485: see rs485.h
 *   clockErrorUs() → microseconds
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/gpio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "clock-error.h"
#include "edge-watch.h"
#include "handle.h"
#include "line-request.h"
#include "parent-end.h"
#include "pass-lines.h"
#include "rs485.h"
#include "sd-notify.h"

static napi_value open_chip(napi_env env, napi_callback_info info) {
  napi_value argument;
  char path[PATH_MAX];
  struct handle *chip;
  struct gpiochip_info answer;
  if (!read_arguments(env, info, 1, &argument) || !read_text(env, argument, "path", path, sizeof path)) return NULL;
  napi_value object = create_handle(env, &chip_tag, &chip);
  if (object == NULL) return NULL;
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return make_failure(env, errno, "open");
  handle_opened(chip, fd);
  /* Now and not later, so that a handle is a chip and not just any file. */
  if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &answer) == 0) {
    return make_ok(env, object);
  }
  int error_number = errno;
  handle_close(env, chip);
  return make_failure(env, error_number, "GPIO_GET_CHIPINFO_IOCTL");
}

static napi_value chip_info(napi_env env, napi_callback_info info) {
  napi_value argument, object;
  struct handle *chip;
  struct gpiochip_info answer = {0};
  if (!read_arguments(env, info, 1, &argument) || !read_handle(env, argument, &chip_tag, "chip", &chip)) return NULL;
  if (ioctl(chip->fd, GPIO_GET_CHIPINFO_IOCTL, &answer) != 0) {
    return make_failure(env, errno, "GPIO_GET_CHIPINFO_IOCTL");
  }
  answer.name[sizeof answer.name - 1] = '\0';
  answer.label[sizeof answer.label - 1] = '\0';
  bool is_made = is_sound(env, napi_create_object(env, &object)) && set_text(env, object, "name", answer.name) &&
                 set_text(env, object, "label", answer.label) && set_number(env, object, "linesCount", answer.lines);
  return is_made ? make_ok(env, object) : NULL;
}

static napi_value line_info(napi_env env, napi_callback_info info) {
  napi_value arguments[2], object;
  uint64_t offset;
  struct handle *chip;
  struct gpio_v2_line_info answer = {0};
  if (!read_arguments(env, info, 2, arguments) || !read_handle(env, arguments[0], &chip_tag, "chip", &chip) ||
      !read_integer(env, arguments[1], "offset", 0, UINT32_MAX, &offset)) {
    return NULL;
  }
  answer.offset = (uint32_t)offset;
  if (ioctl(chip->fd, GPIO_V2_GET_LINEINFO_IOCTL, &answer) != 0) {
    return make_failure(env, errno, "GPIO_V2_GET_LINEINFO_IOCTL");
  }
  answer.name[sizeof answer.name - 1] = '\0';
  answer.consumer[sizeof answer.consumer - 1] = '\0';
  bool is_made = is_sound(env, napi_create_object(env, &object)) && set_text(env, object, "name", answer.name) &&
                 set_text(env, object, "consumer", answer.consumer) &&
                 set_number(env, object, "flags", (double)answer.flags);
  return is_made ? make_ok(env, object) : NULL;
}

static napi_value request_lines(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct handle *chip, *lines;
  struct gpio_v2_line_request request = {0};
  if (!read_arguments(env, info, 2, arguments) || !read_request(env, arguments[1], &request) ||
      !read_handle(env, arguments[0], &chip_tag, "chip", &chip)) {
    return NULL;
  }
  napi_value object = create_handle(env, &lines_tag, &lines);
  if (object == NULL) return NULL;
  if (ioctl(chip->fd, GPIO_V2_GET_LINE_IOCTL, &request) != 0) return make_failure(env, errno, "GPIO_V2_GET_LINE_IOCTL");
  handle_opened(lines, request.fd);
  int status = fcntl(request.fd, F_GETFL);
  if (status >= 0 && fcntl(request.fd, F_SETFL, status | O_NONBLOCK) == 0) return make_ok(env, object);
  int error_number = errno;
  handle_close(env, lines);
  return make_failure(env, error_number, "fcntl");
}

static napi_value set_values(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct handle *lines;
  uint64_t bits, mask;
  if (!read_arguments(env, info, 3, arguments) || !read_handle(env, arguments[0], &lines_tag, "lines", &lines) ||
      !read_bits(env, arguments[1], "values", &bits) || !read_bits(env, arguments[2], "mask", &mask)) {
    return NULL;
  }
  struct gpio_v2_line_values values = {.bits = bits, .mask = mask};
  if (ioctl(lines->fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values) == 0) return make_ok(env, NULL);
  return make_failure(env, errno, "GPIO_V2_LINE_SET_VALUES_IOCTL");
}

static napi_value get_values(napi_env env, napi_callback_info info) {
  napi_value arguments[2], bits;
  struct handle *lines;
  uint64_t mask;
  if (!read_arguments(env, info, 2, arguments) || !read_handle(env, arguments[0], &lines_tag, "lines", &lines) ||
      !read_bits(env, arguments[1], "mask", &mask)) {
    return NULL;
  }
  struct gpio_v2_line_values values = {.mask = mask};
  if (ioctl(lines->fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) != 0) {
    return make_failure(env, errno, "GPIO_V2_LINE_GET_VALUES_IOCTL");
  }
  return is_sound(env, napi_create_bigint_uint64(env, values.bits, &bits)) ? make_ok(env, bits) : NULL;
}

static napi_value configure_lines(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct handle *lines;
  uint64_t flags, values;
  if (!read_arguments(env, info, 3, arguments) || !read_handle(env, arguments[0], &lines_tag, "lines", &lines) ||
      !read_integer(env, arguments[1], "flags", 0, UINT32_MAX, &flags) ||
      !read_bits(env, arguments[2], "values", &values)) {
    return NULL;
  }
  struct gpio_v2_line_config config = {.flags = flags};
  if (flags & GPIO_V2_LINE_FLAG_OUTPUT) {
    config.num_attrs = 1;
    config.attrs[0].mask = UINT64_MAX; /* Bits without a line say nothing. */
    config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
    config.attrs[0].attr.values = values;
  }
  if (ioctl(lines->fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config) == 0) return make_ok(env, NULL);
  return make_failure(env, errno, "GPIO_V2_LINE_SET_CONFIG_IOCTL");
}

static napi_value watch_lines(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct handle *lines;
  bool is_pending = false;
  if (!read_arguments(env, info, 2, arguments) || !read_handle(env, arguments[0], &lines_tag, "lines", &lines) ||
      !read_function(env, arguments[1], "listener")) {
    return NULL;
  }
  int error_number = lines->fd < 0 ? EBADF : watch_start(env, lines, arguments[0], arguments[1]);
  if (napi_is_exception_pending(env, &is_pending) != napi_ok || is_pending) return NULL;
  return error_number == 0 ? make_ok(env, NULL) : make_failure(env, error_number, "poll");
}

static napi_value close_handle(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct handle *handle;
  bool is_chip = false;
  napi_valuetype type = napi_undefined;
  if (!read_arguments(env, info, 1, &argument) || !is_sound(env, napi_typeof(env, argument, &type))) return NULL;
  if (type == napi_object && !is_sound(env, napi_check_object_type_tag(env, argument, &chip_tag, &is_chip))) return NULL;
  if (!read_handle(env, argument, is_chip ? &chip_tag : &lines_tag, "handle", &handle)) return NULL;
  handle_close(env, handle);
  return make_ok(env, NULL);
}

static napi_value tell_counts(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value counts;
  void *data = NULL;
  if (!is_sound(env, napi_get_instance_data(env, &data)) || !is_sound(env, napi_create_object(env, &counts))) {
    return NULL;
  }
  struct instance *instance = data;
  bool is_made = set_number(env, counts, "open", instance->open_count) &&
                 set_number(env, counts, "finalized", instance->finalized_count);
  return is_made ? counts : NULL;
}

static bool export_function(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  return is_sound(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value)) &&
         is_sound(env, napi_set_named_property(env, exports, name, value));
}

NAPI_MODULE_INIT() {
  if (create_instance(env) == NULL) return NULL;
  bool is_made = export_function(env, exports, "open", open_chip) && export_function(env, exports, "info", chip_info) &&
                 export_function(env, exports, "line", line_info) &&
                 export_function(env, exports, "request", request_lines) &&
                 export_function(env, exports, "set", set_values) && export_function(env, exports, "get", get_values) &&
                 export_function(env, exports, "configure", configure_lines) &&
                 export_function(env, exports, "watch", watch_lines) &&
                 export_function(env, exports, "close", close_handle) &&
                 export_function(env, exports, "counts", tell_counts) &&
                 export_function(env, exports, "sendLines", send_lines) &&
                 export_function(env, exports, "receiveLines", receive_lines) &&
                 export_function(env, exports, "setRs485", set_rs485) &&
                 export_function(env, exports, "sdNotify", sd_notify) &&
                 export_function(env, exports, "clockErrorUs", clock_error) &&
                 export_function(env, exports, "tellParentEnd", tell_parent_end);
  return is_made ? exports : NULL;
}
