#include "handle.h"

#include <stdlib.h>
#include <unistd.h>

#include "edge-watch.h"

const napi_type_tag chip_tag = {0x51b3c2a0f7d84e16, 0x9d0e47a1c35b8f21};
const napi_type_tag lines_tag = {0x0c84fe63b1a94d75, 0xa61b9e0873d2c4f9};

static void release_instance(struct instance *instance) {
  instance->reference_count -= 1;
  if (instance->reference_count == 0) free(instance);
}

static void instance_finalized(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  release_instance(data);
}

struct instance *create_instance(napi_env env) {
  struct instance *instance = calloc(1, sizeof *instance);
  if (instance == NULL) {
    napi_throw_error(env, NULL, "out of memory");
    return NULL;
  }
  instance->reference_count = 1;
  if (is_sound(env, napi_set_instance_data(env, instance, instance_finalized, NULL))) return instance;
  free(instance);
  return NULL;
}

/* The safety net for who forgot to close. A watched handle does not come here: its watch keeps it. */
static void handle_finalized(napi_env env, void *data, void *hint) {
  (void)hint;
  struct handle *handle = data;
  if (handle->fd >= 0) handle->instance->finalized_count += 1;
  handle_close(env, handle);
  release_instance(handle->instance);
  free(handle);
}

napi_value create_handle(napi_env env, const napi_type_tag *tag, struct handle **target) {
  napi_value object;
  void *instance = NULL;
  if (!is_sound(env, napi_get_instance_data(env, &instance)) || !is_sound(env, napi_create_object(env, &object))) {
    return NULL;
  }
  struct handle *handle = calloc(1, sizeof *handle);
  if (handle == NULL) {
    napi_throw_error(env, NULL, "out of memory");
    return NULL;
  }
  handle->instance = instance;
  handle->fd = -1;
  if (!is_sound(env, napi_wrap(env, object, handle, handle_finalized, NULL, NULL))) {
    free(handle);
    return NULL;
  }
  handle->instance->reference_count += 1;
  if (!is_sound(env, napi_type_tag_object(env, object, tag))) return NULL; /* The finalizer frees it. */
  *target = handle;
  return object;
}

void handle_opened(struct handle *handle, int fd) {
  handle->fd = fd;
  handle->instance->open_count += 1;
}

void handle_close(napi_env env, struct handle *handle) {
  if (handle->fd < 0) return;
  watch_stop(env, handle); /* First: a descriptor must not go away while it is polled. */
  close(handle->fd);
  handle->fd = -1;
  handle->instance->open_count -= 1;
}

bool read_handle(napi_env env, napi_value value, const napi_type_tag *tag, const char *name, struct handle **target) {
  napi_valuetype type = napi_undefined;
  bool is_ours = false;
  void *data = NULL;
  if (!is_sound(env, napi_typeof(env, value, &type))) return false;
  if (type == napi_object && !is_sound(env, napi_check_object_type_tag(env, value, tag, &is_ours))) return false;
  if (!is_ours) {
    throw_argument(env, name, "a handle from open or request");
    return false;
  }
  if (!is_sound(env, napi_unwrap(env, value, &data))) return false;
  *target = data;
  return true;
}
