/*
 * The border to JavaScript: arguments checked, results made.
 *
 * A wrong argument is our own mistake and throws a TypeError. What the system answers is a result:
 * { ok: true, value } or { ok: false, code: 'EBUSY', text, call }.
 *
 * The readers return false with an exception pending; the makers return NULL then.
 */
#ifndef QN_JS_H
#define QN_JS_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);
/* A whole number from least to most. */
bool read_integer(napi_env env, napi_value value, const char *name, uint64_t least, uint64_t most, uint64_t *target);
/* A BigInt that fits 64 bits without a sign. */
bool read_bits(napi_env env, napi_value value, const char *name, uint64_t *target);
/* Text without NUL, shorter than `size` bytes as UTF-8; ends with NUL in `target`. Its length is strlen(target). */
bool read_text(napi_env env, napi_value value, const char *name, char *target, size_t size);
bool read_function(napi_env env, napi_value value, const char *name);
/* The property of an object; getters may run, so handles are looked at afterwards. */
bool read_property(napi_env env, napi_value object, const char *name, napi_value *target);

napi_value throw_argument(napi_env env, const char *name, const char *expected);
/* Whether the call to Node went well; otherwise there is an exception. */
bool is_sound(napi_env env, napi_status status);

/* `value` may be NULL: there is nothing to tell. */
napi_value make_ok(napi_env env, napi_value value);
napi_value make_failure(napi_env env, int error_number, const char *call);
bool set_text(napi_env env, napi_value object, const char *name, const char *text);
bool set_number(napi_env env, napi_value object, const char *name, double number);

#endif
