/*
 * A driver error that gpio-sim cannot be made to give: with LD_PRELOAD, the next write of a line fails with EIO when there
 * is a file of the name in FAIL_WRITE. The file is used up by that.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

int ioctl(int fd, unsigned long request, ...) {
  static int (*system_ioctl)(int, unsigned long, void *);
  va_list operands;
  va_start(operands, request);
  void *operand = va_arg(operands, void *);
  va_end(operands);
  if (system_ioctl == NULL) *(void **)&system_ioctl = dlsym(RTLD_NEXT, "ioctl");
  const char *file = getenv("FAIL_WRITE");
  if (request == GPIO_V2_LINE_SET_VALUES_IOCTL && file != NULL && unlink(file) == 0) {
    errno = EIO;
    return -1;
  }
  return system_ioctl(fd, request, operand);
}
