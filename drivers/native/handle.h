/* What a JavaScript handle stands for: an open chip, or a request of lines. */
#ifndef QN_HANDLE_H
#define QN_HANDLE_H

#include "js.h"

struct watch;

/* One per environment (main thread, worker). Lives until the last handle is gone: finalizers have no order. */
struct instance {
  uint32_t reference_count;
  uint32_t open_count;      /* Descriptors that are open. */
  uint32_t finalized_count; /* Descriptors that nobody closed and the garbage collector had to. */
};

struct handle {
  struct instance *instance;
  int fd; /* -1 before opening and after closing. */
  struct watch *watch; /* Owned; NULL without one. */
};

extern const napi_type_tag chip_tag;
extern const napi_type_tag lines_tag;

struct instance *create_instance(napi_env env);
/* A closed handle and the object that wraps it; NULL with an exception pending. */
napi_value create_handle(napi_env env, const napi_type_tag *tag, struct handle **handle);
void handle_opened(struct handle *handle, int fd);
/* Idempotent. */
void handle_close(napi_env env, struct handle *handle);
/* Throws for anything that is not a handle of this kind; a closed one is fine, its descriptor is -1. */
bool read_handle(napi_env env, napi_value value, const napi_type_tag *tag, const char *name, struct handle **handle);

#endif
