#include "edge-watch.h"

#include <errno.h>
#include <linux/gpio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

/* Read at a time. What is left wakes the loop again, so that others get their turn in between. */
enum { events_per_turn_count_max = 64 };

/* Owned by the event loop from watch_start until the closing callback. */
struct watch {
  uv_poll_t poll;
  napi_env env;
  struct handle *lines; /* NULL when it was stopped. */
  napi_ref object;
  napi_ref listener;
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;
};

static void watch_closed(uv_handle_t *poll) {
  struct watch *watch = poll->data;
  napi_handle_scope scope;
  if (napi_open_handle_scope(watch->env, &scope) == napi_ok) {
    /* Not when it is stopped: that may be from inside the listener, which is called in this context. */
    napi_async_destroy(watch->env, watch->context);
    napi_close_handle_scope(watch->env, scope);
  }
  napi_remove_async_cleanup_hook(watch->cleanup);
  free(watch);
}

void watch_stop(napi_env env, struct handle *lines) {
  struct watch *watch = lines->watch;
  if (watch == NULL) return;
  lines->watch = NULL;
  watch->lines = NULL;
  napi_delete_reference(env, watch->listener);
  napi_delete_reference(env, watch->object);
  uv_close((uv_handle_t *)&watch->poll, watch_closed);
}

/* The environment ends (a worker was terminated): the loop waits for the closing callback. */
static void environment_ends(napi_async_cleanup_hook_handle cleanup, void *data) {
  (void)cleanup;
  struct watch *watch = data;
  if (watch->lines != NULL) watch_stop(watch->env, watch->lines);
}

static bool make_edge(napi_env env, const struct gpio_v2_line_event *event, napi_value *edge) {
  napi_value at_ns;
  return is_sound(env, napi_create_object(env, edge)) &&
         is_sound(env, napi_create_bigint_uint64(env, event->timestamp_ns, &at_ns)) &&
         is_sound(env, napi_set_named_property(env, *edge, "atNs", at_ns)) &&
         set_number(env, *edge, "level", event->id == GPIO_V2_LINE_EVENT_RISING_EDGE ? 1 : 0) &&
         set_number(env, *edge, "offset", event->offset) && set_number(env, *edge, "sequence", event->seqno) &&
         set_number(env, *edge, "lineSequence", event->line_seqno);
}

static napi_value make_edges(napi_env env, const struct gpio_v2_line_event *events, size_t count) {
  napi_value edges;
  if (!is_sound(env, napi_create_array_with_length(env, count, &edges))) return NULL;
  for (size_t index = 0; index < count; index += 1) {
    napi_value edge;
    if (!make_edge(env, &events[index], &edge)) return NULL;
    if (!is_sound(env, napi_set_element(env, edges, (uint32_t)index, edge))) return NULL;
  }
  return make_ok(env, edges);
}

static void tell(struct watch *watch, napi_value result) {
  napi_env env = watch->env;
  napi_value listener, receiver;
  if (result != NULL && is_sound(env, napi_get_reference_value(env, watch->listener, &listener)) &&
      is_sound(env, napi_get_global(env, &receiver))) {
    napi_make_callback(env, watch->context, receiver, listener, 1, &result, NULL);
  }
  /* What the listener throws goes where every uncaught exception goes. */
  bool is_pending = false;
  napi_value exception;
  napi_is_exception_pending(env, &is_pending);
  if (is_pending && napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

static void watch_ready(uv_poll_t *poll, int status, int readiness) {
  (void)readiness;
  struct watch *watch = poll->data;
  if (watch->lines == NULL) return;
  napi_env env = watch->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  struct gpio_v2_line_event events[events_per_turn_count_max];
  ssize_t bytes = read(watch->lines->fd, events, sizeof events);
  if (bytes > 0) {
    tell(watch, make_edges(env, events, (size_t)bytes / sizeof events[0]));
  } else {
    bool must_wait = bytes < 0 && (errno == EAGAIN || errno == EINTR);
    int error_number = bytes == 0 ? ENODEV : must_wait ? -status : errno;
    if (error_number != 0) {
      uv_poll_stop(poll); /* It would be ready for ever. */
      tell(watch, make_failure(env, error_number, "read"));
    }
  }
  napi_close_handle_scope(env, scope);
}

static bool hold(napi_env env, struct watch *watch, napi_value object, napi_value listener) {
  napi_value name;
  return is_sound(env, napi_create_string_utf8(env, "qn-gpiochip", NAPI_AUTO_LENGTH, &name)) &&
         is_sound(env, napi_async_init(env, NULL, name, &watch->context)) &&
         is_sound(env, napi_create_reference(env, object, 1, &watch->object)) &&
         is_sound(env, napi_create_reference(env, listener, 1, &watch->listener)) &&
         is_sound(env, napi_add_async_cleanup_hook(env, environment_ends, watch, &watch->cleanup));
}

int watch_start(napi_env env, struct handle *lines, napi_value object, napi_value listener) {
  if (lines->watch != NULL) return EALREADY;
  struct uv_loop_s *loop = NULL;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return ENOTSUP;
  struct watch *watch = calloc(1, sizeof *watch);
  if (watch == NULL) return ENOMEM;
  int status = uv_poll_init(loop, &watch->poll, lines->fd);
  if (status != 0) {
    free(watch);
    return -status;
  }
  watch->poll.data = watch;
  watch->env = env;
  watch->lines = lines;
  lines->watch = watch;
  if (!hold(env, watch, object, listener)) {
    watch_stop(env, lines);
    return ECANCELED; /* The caller sees the exception. */
  }
  uv_unref((uv_handle_t *)&watch->poll); /* A line does not keep the process alive. */
  status = uv_poll_start(&watch->poll, UV_READABLE, watch_ready);
  if (status != 0) watch_stop(env, lines);
  return -status;
}
