#include "pass-lines.h"

#include <errno.h>
#include <limits.h>
#include <linux/gpio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handle.h"

/* In one message. The text is short enough for one buffer of the kernel, which is what keeps it and the lines together. */
enum { passed_lines_count_max = 64, passed_text_bytes_max = 8192 };

union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(passed_lines_count_max * sizeof(int))];
};

static bool read_socket(napi_env env, napi_value value, int *socket) {
  uint64_t number = 0;
  if (!read_integer(env, value, "socket", 3, INT_MAX, &number)) return false;
  *socket = (int)number;
  return true;
}

/* A closed handle among them has the descriptor -1, which the kernel refuses. */
static bool read_lines(napi_env env, napi_value value, int *descriptors, size_t *count) {
  bool is_array = false;
  uint32_t length = 0;
  if (!is_sound(env, napi_is_array(env, value, &is_array))) return false;
  if (is_array && !is_sound(env, napi_get_array_length(env, value, &length))) return false;
  if (length < 1 || length > passed_lines_count_max) {
    throw_argument(env, "lines", "an array of 1 to 64 handles");
    return false;
  }
  for (uint32_t index = 0; index < length; index += 1) {
    napi_value element;
    struct handle *lines;
    if (!is_sound(env, napi_get_element(env, value, index, &element)) ||
        !read_handle(env, element, &lines_tag, "lines", &lines)) {
      return false;
    }
    descriptors[index] = lines->fd;
  }
  *count = length;
  return true;
}

napi_value send_lines(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  char text[passed_text_bytes_max];
  int descriptors[passed_lines_count_max];
  size_t count = 0;
  int socket = -1;
  if (!read_arguments(env, info, 3, arguments) || !read_socket(env, arguments[0], &socket) ||
      !read_text(env, arguments[1], "text", text, sizeof text) ||
      !read_lines(env, arguments[2], descriptors, &count)) {
    return NULL;
  }
  if (text[0] == '\0') return throw_argument(env, "text", "text that is not empty"); /* Lines go with a byte, or not. */
  union control control = {0};
  struct iovec piece = {.iov_base = text, .iov_len = strlen(text)};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes};
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
  ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == (ssize_t)piece.iov_len) return make_ok(env, NULL);
  return make_failure(env, sent < 0 ? errno : EMSGSIZE, "sendmsg");
}

/* Whatever else might come along is no line. */
static bool is_line_request(int fd) {
  struct gpio_v2_line_values values = {.mask = 1};
  return ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) == 0;
}

/* Takes over all descriptors: each is in its place of the array then, or closed, and its place is empty. */
static bool make_handles(napi_env env, const int *descriptors, size_t count, napi_value array) {
  bool is_made = true;
  for (uint32_t index = 0; index < count; index += 1) {
    struct handle *lines = NULL;
    napi_value object = is_made && is_line_request(descriptors[index]) ? create_handle(env, &lines_tag, &lines) : NULL;
    if (object == NULL) {
      bool is_pending = false;
      napi_is_exception_pending(env, &is_pending);
      is_made = is_made && !is_pending;
      close(descriptors[index]);
      continue;
    }
    handle_opened(lines, descriptors[index]);
    is_made = is_sound(env, napi_set_element(env, array, index, object));
  }
  return is_made;
}

napi_value receive_lines(napi_env env, napi_callback_info info) {
  napi_value argument, lines, value;
  char text[passed_text_bytes_max];
  int descriptors[passed_lines_count_max];
  size_t count = 0;
  int socket = -1;
  if (!read_arguments(env, info, 1, &argument) || !read_socket(env, argument, &socket)) return NULL;
  union control control;
  struct iovec piece = {.iov_base = text, .iov_len = sizeof text - 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes};
  message.msg_controllen = sizeof control.bytes;
  ssize_t bytes = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (bytes < 0) return make_failure(env, errno, "recvmsg");
  text[bytes] = '\0';
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors, CMSG_DATA(header), count * sizeof(int));
  }
  if (!is_sound(env, napi_create_array_with_length(env, count, &lines))) count = 0; /* Out of memory: the process is at its end. */
  bool is_made = make_handles(env, descriptors, count, lines) && is_sound(env, napi_create_object(env, &value)) &&
                 set_text(env, value, "text", text) && is_sound(env, napi_set_named_property(env, value, "lines", lines));
  if (!is_made) return NULL;
  return bytes == 0 ? make_failure(env, EPIPE, "recvmsg") : make_ok(env, value);
}
