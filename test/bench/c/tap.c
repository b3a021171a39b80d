/*
 * Loaded into the broker (LD_PRELOAD): stamps when it hands a compact message (QN-3.3) on one topic to a socket. On the
 * loopback the other side can read the bytes when the call returns, so the stamp just before it is the earliest moment at
 * which they could have been read.
 *
 *   TAP_FILE: where the stamps go; TAP_TOPIC: of these messages
 *
 * The file is an array of 64-bit words: how many stamps, then for each the monotonic clock in ns and the id of the message.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define STAMPS_MAX 262144
#define COMPACT_BYTES 17
#define ID_AT 5

static int64_t *file;
static const char *topic;
static ssize_t (*realWrite)(int, const void *, size_t);

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("TAP_FILE");
  size_t length = (1 + 2 * STAMPS_MAX) * sizeof *file;
  topic = getenv("TAP_TOPIC");
  realWrite = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  int fd = path != NULL && topic != NULL ? open(path, O_RDWR | O_CREAT, 0600) : -1;
  if (fd < 0 || ftruncate(fd, (off_t)length) != 0) abort();
  void *mapped = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) abort();
  file = mapped;
}

/* The broker writes a packet in one call; what it is at the end of a packet is the message. */
static void stamp(const uint8_t *bytes, size_t length) {
  if (file == NULL || length < COMPACT_BYTES || (bytes[0] & 0xf0) != 0x30) return;
  if (file[0] == STAMPS_MAX || memmem(bytes, length, topic, strlen(topic)) == NULL) return;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const uint8_t *id = bytes + length - COMPACT_BYTES + ID_AT;
  int64_t *place = file + 1 + 2 * file[0];
  place[0] = now.tv_sec * 1000000000LL + now.tv_nsec;
  place[1] = (int64_t)id[0] << 24 | id[1] << 16 | id[2] << 8 | id[3];
  file[0]++;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  stamp(bytes, length);
  return realWrite(fd, bytes, length);
}
