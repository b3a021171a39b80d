/*
 * A wire that is loose: `shake FILE MS` turns the resistor of a line of gpio-sim over and over, as fast as the kernel takes
 * it, and says how often it did. In C, because a script would be the slowest part of the storm.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv) {
  static const char *const levels[] = {"pull-up", "pull-down"};
  if (argc != 3) return 64;
  int file = open(argv[1], O_WRONLY | O_CLOEXEC);
  if (file < 0) return 66;
  long long until_ns = now_ns() + atoll(argv[2]) * 1000000LL;
  long count = 0;
  for (; now_ns() < until_ns; count += 1) {
    const char *level = levels[count % 2];
    if (pwrite(file, level, strlen(level), 0) < 0) return 74;
  }
  printf("%ld\n", count);
  return 0;
}
