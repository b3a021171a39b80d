/*
 * hold PID: has the sockets of that process as well, among them those to its guard, as one of its threads has that waits for a
 * disk and cannot be killed. Says `held` and waits to be ended.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 256, PIDFD_OPEN = 434, PIDFD_GETFD = 438 };

int main(int count, char **words) {
  int process = count == 2 ? (int)syscall(PIDFD_OPEN, atoi(words[1]), 0) : -1;
  int held = 0;
  for (int number = 0; process >= 0 && number < DESCRIPTORS_MAX; number += 1) {
    struct stat status;
    int fd = (int)syscall(PIDFD_GETFD, process, number, 0);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) held += 1;
    else if (fd >= 0) close(fd);
  }
  if (held == 0) return perror("no socket"), 1;
  puts("held");
  fflush(stdout);
  for (;;) pause();
}
