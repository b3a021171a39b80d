#include "js.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

bool is_sound(napi_env env, napi_status status) {
  if (status == napi_ok) return true;
  bool is_pending = false;
  napi_is_exception_pending(env, &is_pending);
  if (is_pending) return false;
  char text[64];
  snprintf(text, sizeof text, "node-api call failed with status %d", (int)status);
  napi_throw_error(env, NULL, text);
  return false;
}

napi_value throw_argument(napi_env env, const char *name, const char *expected) {
  char text[128];
  snprintf(text, sizeof text, "%s: expected %s", name, expected);
  napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE", text);
  return NULL;
}

static bool refuse(napi_env env, const char *name, const char *expected) {
  throw_argument(env, name, expected);
  return false;
}

static bool has_type(napi_env env, napi_value value, napi_valuetype wanted) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env, value, &type) == napi_ok && type == wanted;
}

/* Arguments that are missing arrive as undefined. */
bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  return is_sound(env, napi_get_cb_info(env, info, &count, arguments, NULL, NULL));
}

bool read_integer(napi_env env, napi_value value, const char *name, uint64_t least, uint64_t most, uint64_t *target) {
  double number = 0;
  char expected[64];
  snprintf(expected, sizeof expected, "a whole number from %llu to %llu", (unsigned long long)least,
           (unsigned long long)most);
  if (!has_type(env, value, napi_number)) return refuse(env, name, expected);
  if (!is_sound(env, napi_get_value_double(env, value, &number))) return false;
  /* Also false for NaN. The conversion is only defined inside the range, so it comes after. */
  if (!(number >= (double)least && number <= (double)most)) return refuse(env, name, expected);
  *target = (uint64_t)number;
  return (double)*target == number || refuse(env, name, expected);
}

bool read_bits(napi_env env, napi_value value, const char *name, uint64_t *target) {
  bool is_lossless = false;
  if (!has_type(env, value, napi_bigint)) return refuse(env, name, "a BigInt");
  if (!is_sound(env, napi_get_value_bigint_uint64(env, value, target, &is_lossless))) return false;
  return is_lossless || refuse(env, name, "a BigInt from 0 to 2^64 - 1");
}

bool read_text(napi_env env, napi_value value, const char *name, char *target, size_t size) {
  char expected[64];
  size_t bytes = 0;
  snprintf(expected, sizeof expected, "text of at most %zu bytes without NUL", size - 1);
  if (!has_type(env, value, napi_string)) return refuse(env, name, expected);
  if (!is_sound(env, napi_get_value_string_utf8(env, value, NULL, 0, &bytes))) return false;
  if (bytes >= size) return refuse(env, name, expected);
  if (!is_sound(env, napi_get_value_string_utf8(env, value, target, size, &bytes))) return false;
  return strlen(target) == bytes || refuse(env, name, expected);
}

bool read_function(napi_env env, napi_value value, const char *name) {
  return has_type(env, value, napi_function) || refuse(env, name, "a function");
}

bool read_property(napi_env env, napi_value object, const char *name, napi_value *target) {
  if (!has_type(env, object, napi_object)) return refuse(env, "request", "an object");
  return is_sound(env, napi_get_named_property(env, object, name, target));
}

bool set_text(napi_env env, napi_value object, const char *name, const char *text) {
  napi_value value;
  return is_sound(env, napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value)) &&
         is_sound(env, napi_set_named_property(env, object, name, value));
}

bool set_number(napi_env env, napi_value object, const char *name, double number) {
  napi_value value;
  return is_sound(env, napi_create_double(env, number, &value)) &&
         is_sound(env, napi_set_named_property(env, object, name, value));
}

static bool make_result(napi_env env, bool is_ok, napi_value *result) {
  napi_value ok;
  return is_sound(env, napi_create_object(env, result)) && is_sound(env, napi_get_boolean(env, is_ok, &ok)) &&
         is_sound(env, napi_set_named_property(env, *result, "ok", ok));
}

napi_value make_ok(napi_env env, napi_value value) {
  napi_value result;
  if (!make_result(env, true, &result)) return NULL;
  if (value != NULL && !is_sound(env, napi_set_named_property(env, result, "value", value))) return NULL;
  return result;
}

napi_value make_failure(napi_env env, int error_number, const char *call) {
  napi_value result;
  char code[32];
  char text[128];
  uv_err_name_r(-error_number, code, sizeof code);
  uv_strerror_r(-error_number, text, sizeof text);
  bool is_made = make_result(env, false, &result) && set_text(env, result, "code", code) &&
                 set_text(env, result, "text", text) && set_text(env, result, "call", call);
  return is_made ? result : NULL;
}
