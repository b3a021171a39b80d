/*
 * Preloaded into a process: writes down, in order, what it does to the files below SHIM_FOLDER, so that a test can build
 * the files as they would be after a loss of power at any moment. And while the file SHIM_FAULT exists, every write and
 * sync of those files fails with the errno that stands in it; while SHIM_SLOW exists, every sync takes as many ms as stand
 * in that, or until it is gone; and while SHIM_HUNG exists, whatever changes one of those files waits, as on a card that
 * answers no more. With SHIM_KILL_AT the process is killed right after the operation of that number, counted
 * from 1, since the file SHIM_ARMED is there.
 *
 * One record: kind u8, inode u64, offset u64, size u32, then `size` bytes; little-endian.
 *   C name created (the name follows)   W written (the bytes follow)   T truncated to offset   S file synced
 *   A written to standard output   D folder synced   U name removed (the name follows)   R renamed (both names follow, with a NUL between)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *folder, *fault, *slow, *hung, *armed;
static long kill_at, operations;
static uint64_t inode_of[FILES_MAX]; /* 0: not ours; a folder has the top bit set */
static const uint64_t is_folder = 1ull << 63;

__attribute__((constructor)) static void start(void) {
  const char *log = getenv("SHIM_LOG");
  folder = getenv("SHIM_FOLDER");
  fault = getenv("SHIM_FAULT");
  slow = getenv("SHIM_SLOW");
  hung = getenv("SHIM_HUNG");
  armed = getenv("SHIM_ARMED");
  const char *at = getenv("SHIM_KILL_AT");
  kill_at = at == NULL ? 0 : atol(at);
  if (log != NULL) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
}

static void count(char kind) {
  if (kill_at == 0 || kind == 'A' || armed == NULL || syscall(SYS_faccessat, AT_FDCWD, armed, F_OK) != 0) return;
  pthread_mutex_lock(&lock);
  operations += 1;
  if (operations == kill_at) syscall(SYS_kill, getpid(), SIGKILL);
  pthread_mutex_unlock(&lock);
}

static void record(char kind, uint64_t inode, uint64_t offset, const void *bytes, uint32_t size) {
  count(kind);
  if (log_fd < 0) return;
  unsigned char head[21];
  head[0] = (unsigned char)kind;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &offset, 8);
  memcpy(head + 17, &size, 4);
  pthread_mutex_lock(&lock);
  if (syscall(SYS_write, log_fd, head, sizeof head) != sizeof head) abort();
  if (size > 0 && syscall(SYS_write, log_fd, bytes, size) != size) abort();
  pthread_mutex_unlock(&lock);
}

/* The name below the folder; NULL when it is not ours. */
static const char *name_of(const char *path) {
  size_t length = folder == NULL ? 0 : strlen(folder);
  if (length == 0 || path == NULL || strncmp(path, folder, length) != 0) return NULL;
  if (path[length] == '\0') return path + length;
  return path[length] == '/' ? path + length + 1 : NULL;
}

static uint64_t inode(int fd) { return fd < 0 || fd >= FILES_MAX ? 0 : inode_of[fd]; }

/* What stands in a file; 0 where there is none. */
static int number_in(const char *path) {
  int file = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
  if (file < 0) return 0;
  char text[16] = {0};
  long got = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  return got > 0 ? atoi(text) : 0;
}

/* Nonzero: the call is to fail so. */
static int failure(int fd) { return inode(fd) == 0 ? 0 : number_in(fault); }

/* For a name, or a file, that is ours. */
static void hang(int is_ours) {
  while (is_ours && hung != NULL && syscall(SYS_faccessat, AT_FDCWD, hung, F_OK) == 0) usleep(10000);
}

static void drag(int fd) {
  if (inode(fd) == 0) return;
  hang(1);
  for (int waited_ms = 0; waited_ms < number_in(slow); waited_ms += 10) usleep(10000);
}

static int opened(int fd, const char *path, int flags) {
  const char *name = name_of(path);
  struct stat status;
  if (fd < 0 || fd >= FILES_MAX) return fd;
  inode_of[fd] = 0;
  if (name == NULL || fstat(fd, &status) != 0) return fd;
  inode_of[fd] = S_ISDIR(status.st_mode) ? status.st_ino | is_folder : status.st_ino;
  if (flags & O_CREAT) record('C', status.st_ino, 0, name, (uint32_t)strlen(name));
  if (flags & O_TRUNC) record('T', status.st_ino, 0, NULL, 0);
  return fd;
}

#define OPEN(function)                                                            \
  int function(const char *path, int flags, ...) {                                \
    va_list rest;                                                                 \
    va_start(rest, flags);                                                        \
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;             \
    va_end(rest);                                                                 \
    hang(flags & (O_CREAT | O_TRUNC) && name_of(path) != NULL);                   \
    return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), path, flags); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (fd >= 0 && fd < FILES_MAX) inode_of[fd] = 0;
  return (int)syscall(SYS_close, fd);
}

static ssize_t written(int fd, const void *bytes, ssize_t done, uint64_t offset) {
  if (done > 0 && inode(fd) != 0) record('W', inode(fd), offset, bytes, (uint32_t)done);
  return done;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  int wrong = failure(fd);
  if (wrong != 0) return errno = wrong, -1;
  ssize_t done = syscall(SYS_write, fd, bytes, size);
  if (done > 0 && fd == STDOUT_FILENO) record('A', 0, 0, bytes, (uint32_t)done);
  if (done <= 0 || inode(fd) == 0) return done;
  return written(fd, bytes, done, (uint64_t)(syscall(SYS_lseek, fd, 0, SEEK_CUR) - done));
}

#define PWRITE(function)                                                            \
  ssize_t function(int fd, const void *bytes, size_t size, off_t offset) {          \
    int wrong = failure(fd);                                                        \
    if (wrong != 0) return errno = wrong, -1;                                       \
    return written(fd, bytes, syscall(SYS_pwrite64, fd, bytes, size, offset), (uint64_t)offset); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(function)                                                 \
  int function(int fd, off_t size) {                                       \
    int done = (int)syscall(SYS_ftruncate, fd, size);                      \
    if (done == 0 && inode(fd) != 0) record('T', inode(fd), (uint64_t)size, NULL, 0); \
    return done;                                                           \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(function, number)                                             \
  int function(int fd) {                                                   \
    drag(fd);                                                              \
    int wrong = failure(fd);                                               \
    if (wrong != 0) return errno = wrong, -1;                              \
    int done = (int)syscall(number, fd);                                   \
    if (done == 0 && inode(fd) != 0) record(inode(fd) & is_folder ? 'D' : 'S', inode(fd), 0, NULL, 0); \
    return done;                                                           \
  }
SYNC(fsync, SYS_fsync)
SYNC(fdatasync, SYS_fdatasync)

int unlink(const char *path) {
  const char *name = name_of(path);
  hang(name != NULL);
  int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (done == 0 && name != NULL) record('U', 0, 0, name, (uint32_t)strlen(name));
  return done;
}

int rename(const char *from, const char *to) {
  const char *source = name_of(from), *target = name_of(to);
  hang(target != NULL);
  int done = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  if (done != 0 || source == NULL || target == NULL) return done;
  char names[1024];
  int length = snprintf(names, sizeof names, "%s%c%s", source, '\0', target);
  record('R', 0, 0, names, (uint32_t)length);
  return done;
}
