/*
 * The floor of the benches: what is left when everything is left out. libmosquitto, and for each message the level
 * written into the value file of a line of a simulated board, with a stamp in its log when it changed, as the agent's own
 * simulated driver does it (drivers/simulated/folder-line.ts).
 *
 *   floor PORT TOPIC FOLDER [TOPIC FOLDER]...
 *
 * Prints `ready` when it is subscribed, and at each SIGUSR2 how many messages it had so far.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mosquitto.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX 4

struct line {
  const char *topic;
  const char *folder;
  char fault[512];
  int value;
  int log;
};

static struct line lines[LINES_MAX];
static int linesCount;
static long messages;
static volatile sig_atomic_t isAsked;

static void ask(int signal) {
  (void)signal;
  isAsked = 1;
}

static void drive(struct line *line, char level) {
  char before = '0';
  struct stat place;
  if (stat(line->folder, &place) != 0 || access(line->fault, F_OK) == 0) return;
  if (pread(line->value, &before, 1, 0) < 0) exit(1);
  const char text[2] = {level, '\n'};
  if (pwrite(line->value, text, sizeof text, 0) != sizeof text) exit(1);
  if (before == level) return;
  char row[64];
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int length = snprintf(row, sizeof row, "%lld %c\n", now.tv_sec * 1000000000LL + now.tv_nsec, level);
  if (write(line->log, row, (size_t)length) != length) exit(1);
}

static void onMessage(struct mosquitto *client, void *unused, const struct mosquitto_message *message) {
  (void)client;
  (void)unused;
  const unsigned char *bytes = message->payload;
  messages++;
  if (message->payloadlen != 17 || bytes[0] != 'Q') return;
  for (int index = 0; index < linesCount; index++) {
    if (strcmp(message->topic, lines[index].topic) == 0) return drive(&lines[index], bytes[16] == 1 ? '1' : '0');
  }
}

static void onSubscribe(struct mosquitto *client, void *unused, int id, int count, const int *granted) {
  static int seen;
  (void)client;
  (void)unused;
  (void)id;
  (void)count;
  (void)granted;
  if (++seen == linesCount) printf("ready\n");
  fflush(stdout);
}

static void onConnect(struct mosquitto *client, void *unused, int code) {
  (void)unused;
  if (code != 0) exit(1);
  for (int index = 0; index < linesCount; index++) mosquitto_subscribe(client, NULL, lines[index].topic, 1);
}

int main(int count, char **words) {
  if (count < 4 || count % 2 != 0) return 64;
  for (int at = 2; at < count && linesCount < LINES_MAX; at += 2, linesCount++) {
    struct line *line = &lines[linesCount];
    char path[512];
    line->topic = words[at];
    line->folder = words[at + 1];
    snprintf(line->fault, sizeof line->fault, "%s/fault", words[at + 1]);
    snprintf(path, sizeof path, "%s/value", words[at + 1]);
    line->value = open(path, O_RDWR | O_CREAT, 0664);
    snprintf(path, sizeof path, "%s/log", words[at + 1]);
    line->log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0664);
    if (line->value < 0 || line->log < 0) return 1;
  }
  struct sigaction action = {.sa_handler = ask};
  sigaction(SIGUSR2, &action, NULL);
  mosquitto_lib_init();
  struct mosquitto *client = mosquitto_new("floor", true, NULL);
  if (client == NULL) return 1;
  mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_connect_callback_set(client, onConnect);
  mosquitto_subscribe_callback_set(client, onSubscribe);
  mosquitto_message_callback_set(client, onMessage);
  if (mosquitto_connect(client, "127.0.0.1", atoi(words[1]), 60) != MOSQ_ERR_SUCCESS) return 1;
  while (mosquitto_loop(client, 100, 1) == MOSQ_ERR_SUCCESS) {
    if (!isAsked) continue;
    isAsked = 0;
    printf("%ld\n", messages);
    fflush(stdout);
  }
  return 1;
}
