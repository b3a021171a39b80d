/*
 * The load of the benches, in C because it has to keep 10 000 messages a second evenly paced beside what is measured.
 *
 *   load PORT FOR_MS ID PROBE_TOPIC PROBE_PER_S PROBE_QOS BULK_TOPIC BULK_PER_S BULK_QOS BULK_CHANGES
 *
 * Two MQTT 3.1.1 connections of its own, one for each stream; a rate of 0 leaves a stream out. Messages are compact ones
 * (QN-3.3) with ids from ID on, value `bool`: of the probe ON and OFF in turns, of the bulk OFF, or in turns when
 * BULK_CHANGES is 1. Prints what it did, one line each: `probe NS` (the monotonic clock just before the write),
 * `hiccup NS LATE_US` (a thread that only sleeps for a millisecond woke up so much too late), `sent BULK PROBES LATE_US`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL
#define TICK_NS 1000000LL
#define HICCUP_NS 1000000LL /* Later than this is told. */
#define BATCH_MAX 1024
#define HICCUPS_MAX 65536

struct stream {
  int socket;
  const char *topic;
  long perS;
  int qos;
  int changes;
  long sent;
  uint16_t packetId;
};

static uint32_t nextId;
static int64_t hiccupAt[HICCUPS_MAX];
static int64_t hiccupNs[HICCUPS_MAX];
static atomic_int hiccups;
static atomic_int isOver;

static int64_t nowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void sleepUntil(int64_t ns) {
  struct timespec until = {ns / NS_PER_S, ns % NS_PER_S};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

static void *watchHiccups(void *unused) {
  (void)unused;
  while (!atomic_load(&isOver)) {
    int64_t dueNs = nowNs() + TICK_NS;
    sleepUntil(dueNs);
    int64_t lateNs = nowNs() - dueNs;
    int count = atomic_load(&hiccups);
    if (lateNs < HICCUP_NS || count == HICCUPS_MAX) continue;
    hiccupAt[count] = dueNs;
    hiccupNs[count] = lateNs;
    atomic_store(&hiccups, count + 1);
  }
  return NULL;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

/* What the broker says (PUBACK) is thrown away. */
static void drain(int socket) {
  char bytes[65536];
  while (recv(socket, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
}

static void sendAll(int socket, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) die("send");
    if (sent > 0) {
      bytes += sent;
      length -= (size_t)sent;
      continue;
    }
    struct pollfd wait = {socket, POLLOUT, 0};
    drain(socket);
    poll(&wait, 1, 10);
  }
}

static int dial(int port, const char *name) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int made = socket(AF_INET, SOCK_STREAM, 0);
  int yes = 1;
  uint8_t hello[64] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0};
  uint8_t answer[4];
  size_t length = strlen(name);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (made < 0 || connect(made, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  hello[13] = (uint8_t)length;
  memcpy(hello + 14, name, length);
  hello[1] = (uint8_t)(12 + length);
  sendAll(made, hello, 14 + length);
  if (recv(made, answer, sizeof answer, MSG_WAITALL) != sizeof answer || answer[3] != 0) die("CONNACK");
  return made;
}

/* One PUBLISH with a compact Notify; topics of the benches are short enough for a length of one byte. */
static size_t writePublish(uint8_t *target, struct stream *stream, int value) {
  size_t topicLength = strlen(stream->topic);
  size_t at = 0;
  uint32_t id = nextId++;
  target[at++] = (uint8_t)(0x30 | stream->qos << 1);
  target[at++] = (uint8_t)(2 + topicLength + (stream->qos > 0 ? 2 : 0) + 17);
  target[at++] = 0;
  target[at++] = (uint8_t)topicLength;
  memcpy(target + at, stream->topic, topicLength);
  at += topicLength;
  if (stream->qos > 0) {
    stream->packetId = (uint16_t)(stream->packetId + 1);
    if (stream->packetId == 0) stream->packetId = 1;
    target[at++] = (uint8_t)(stream->packetId >> 8);
    target[at++] = (uint8_t)stream->packetId;
  }
  const uint8_t message[17] = {'Q',          0x41,          0, 0, 0, (uint8_t)(id >> 24), (uint8_t)(id >> 16),
                               (uint8_t)(id >> 8), (uint8_t)id, 0, 0, 0, 0, 0, 0, 0, (uint8_t)value};
  memcpy(target + at, message, sizeof message);
  stream->sent++;
  return at + sizeof message;
}

static void sendDue(struct stream *stream, int64_t passedNs) {
  static uint8_t batch[BATCH_MAX * 128];
  size_t length = 0;
  long due = (long)(passedNs / 1000 * stream->perS / 1000000) - stream->sent;
  if (due > BATCH_MAX) due = BATCH_MAX;
  for (long count = 0; count < due; count++) {
    length += writePublish(batch + length, stream, stream->changes && stream->sent % 2 == 0);
  }
  if (length > 0) sendAll(stream->socket, batch, length);
  drain(stream->socket);
}

int main(int count, char **words) {
  if (count != 11) return 64;
  int port = atoi(words[1]);
  int64_t forNs = atoll(words[2]) * 1000000;
  nextId = (uint32_t)strtoul(words[3], NULL, 10);
  struct stream probe = {.socket = -1, .topic = words[4], .perS = atol(words[5]), .qos = atoi(words[6]), .changes = 1};
  struct stream bulk = {.socket = -1, .topic = words[7], .perS = atol(words[8]), .qos = atoi(words[9])};
  bulk.changes = atoi(words[10]);
  if (strlen(probe.topic) > 90 || strlen(bulk.topic) > 90) return 64;
  if (probe.perS > 0) probe.socket = dial(port, "load-probe");
  if (bulk.perS > 0) bulk.socket = dial(port, "load-bulk");

  size_t stampsMax = (size_t)(forNs / NS_PER_S + 2) * (size_t)(probe.perS + 1) * 2;
  int64_t *stamps = malloc(stampsMax * sizeof *stamps);
  pthread_t watch;
  pthread_create(&watch, NULL, watchHiccups, NULL);
  int64_t startNs = nowNs();
  int64_t tickNs = startNs;
  int64_t everyNs = probe.perS > 0 ? NS_PER_S / probe.perS : 0;
  int64_t probeNs = probe.perS > 0 ? startNs + everyNs / 2 : INT64_MAX;
  int64_t lateNs = 0;
  unsigned int seed = nextId;
  while (tickNs - startNs < forNs) {
    int64_t bulkNs = bulk.perS > 0 ? tickNs + TICK_NS : INT64_MAX;
    int64_t dueNs = probeNs < bulkNs ? probeNs : bulkNs;
    if (dueNs - startNs >= forNs) break;
    sleepUntil(dueNs);
    int64_t wokenNs = nowNs();
    if (wokenNs - dueNs > lateNs) lateNs = wokenNs - dueNs;
    if (dueNs == probeNs) {
      uint8_t packet[128];
      size_t length = writePublish(packet, &probe, probe.sent % 2 == 0);
      if ((size_t)probe.sent <= stampsMax) stamps[probe.sent - 1] = nowNs();
      sendAll(probe.socket, packet, length);
      drain(probe.socket);
      /* Not in step with the bulk: half to one and a half of the interval. */
      probeNs = wokenNs + everyNs / 2 + (int64_t)(rand_r(&seed) / (double)RAND_MAX * (double)everyNs);
    } else {
      tickNs = dueNs;
      sendDue(&bulk, wokenNs - startNs);
    }
  }
  if (probe.sent % 2 == 1) { /* The line is left as it was found. */
    uint8_t packet[128];
    size_t length = writePublish(packet, &probe, 0);
    sleepUntil(nowNs() + everyNs);
    if ((size_t)probe.sent <= stampsMax) stamps[probe.sent - 1] = nowNs();
    sendAll(probe.socket, packet, length);
  }
  sleepUntil(nowNs() + 20 * TICK_NS);
  for (struct stream *stream = &probe; stream != NULL; stream = stream == &probe ? &bulk : NULL) {
    if (stream->socket >= 0) drain(stream->socket);
    if (stream->socket >= 0) sendAll(stream->socket, (const uint8_t[]){0xe0, 0}, 2);
  }
  atomic_store(&isOver, 1);
  pthread_join(watch, NULL);
  for (long index = 0; index < probe.sent; index++) printf("probe %lld\n", (long long)stamps[index]);
  for (int index = 0; index < atomic_load(&hiccups); index++) {
    printf("hiccup %lld %lld\n", (long long)hiccupAt[index], (long long)(hiccupNs[index] / 1000));
  }
  printf("sent %ld %ld %lld\n", bulk.sent, probe.sent, (long long)(lateNs / 1000));
  return 0;
}
