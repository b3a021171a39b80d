#include "sd-notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

/* 0, or an errno. */
static int make_target(const char *address, struct sockaddr_un *target, socklen_t *bytes) {
  size_t length = strlen(address);
  if (address[0] != '/' && address[0] != '@') return EAFNOSUPPORT; /* sd_notify(3) knows vsock, too. */
  if (length < 2) return EINVAL;
  if (length >= sizeof target->sun_path) return ENAMETOOLONG;
  target->sun_family = AF_UNIX;
  memcpy(target->sun_path, address, length);
  if (address[0] == '@') target->sun_path[0] = '\0';
  /* An abstract name ends where its length says, not at a NUL. */
  *bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  return 0;
}

static int send_datagram(const char *address, const char *text) {
  struct sockaddr_un target = {0};
  socklen_t target_bytes = 0;
  int error_number = make_target(address, &target, &target_bytes);
  if (error_number != 0) return error_number;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&target, target_bytes);
  error_number = sent < 0 ? errno : 0;
  close(fd);
  return error_number;
}

napi_value sd_notify(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  char address[256], text[4096];
  if (!read_arguments(env, info, 2, arguments) || !read_text(env, arguments[0], "address", address, sizeof address) ||
      !read_text(env, arguments[1], "text", text, sizeof text)) {
    return NULL;
  }
  int error_number = send_datagram(address, text);
  return error_number == 0 ? make_ok(env, NULL) : make_failure(env, error_number, "sendto");
}
