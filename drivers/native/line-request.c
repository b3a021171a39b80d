#include "line-request.h"

static bool read_offsets(napi_env env, napi_value request, struct gpio_v2_line_request *target) {
  napi_value offsets, element;
  bool is_array = false;
  uint32_t count = 0;
  uint64_t offset = 0;
  if (!read_property(env, request, "offsets", &offsets) || !is_sound(env, napi_is_array(env, offsets, &is_array))) {
    return false;
  }
  if (is_array && !is_sound(env, napi_get_array_length(env, offsets, &count))) return false;
  if (count < 1 || count > GPIO_V2_LINES_MAX) {
    throw_argument(env, "offsets", "an array of 1 to 64 offsets");
    return false;
  }
  for (uint32_t index = 0; index < count; index += 1) {
    if (!is_sound(env, napi_get_element(env, offsets, index, &element)) ||
        !read_integer(env, element, "offsets", 0, UINT32_MAX, &offset)) {
      return false;
    }
    target->offsets[index] = (uint32_t)offset;
  }
  target->num_lines = count;
  return true;
}

static struct gpio_v2_line_attribute *add_attribute(struct gpio_v2_line_request *request, uint32_t id) {
  struct gpio_v2_line_config_attribute *row = &request->config.attrs[request->config.num_attrs];
  request->config.num_attrs += 1;
  row->mask = request->num_lines == GPIO_V2_LINES_MAX ? UINT64_MAX : (UINT64_C(1) << request->num_lines) - 1;
  row->attr.id = id;
  return &row->attr;
}

bool read_request(napi_env env, napi_value request, struct gpio_v2_line_request *target) {
  napi_value flags_value, values_value, debounce_value, events_value, consumer_value;
  uint64_t flags = 0, values = 0, debounce_us = 0, events_count_max = 0;
  bool is_read = read_offsets(env, request, target) && read_property(env, request, "flags", &flags_value) &&
                 read_integer(env, flags_value, "flags", 0, UINT32_MAX, &flags) &&
                 read_property(env, request, "values", &values_value) &&
                 read_bits(env, values_value, "values", &values) &&
                 read_property(env, request, "debounceUs", &debounce_value) &&
                 read_integer(env, debounce_value, "debounceUs", 0, UINT32_MAX, &debounce_us) &&
                 read_property(env, request, "eventsCountMax", &events_value) &&
                 read_integer(env, events_value, "eventsCountMax", 0, UINT32_MAX, &events_count_max) &&
                 read_property(env, request, "consumer", &consumer_value) &&
                 read_text(env, consumer_value, "consumer", target->consumer, sizeof target->consumer);
  if (!is_read) return false;
  target->config.flags = flags;
  target->event_buffer_size = (uint32_t)events_count_max;
  /* In the same call as the direction: the kernel drives the level first, so there is no glitch. */
  if (flags & GPIO_V2_LINE_FLAG_OUTPUT) add_attribute(target, GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES)->values = values;
  if (debounce_us > 0) {
    add_attribute(target, GPIO_V2_LINE_ATTR_ID_DEBOUNCE)->debounce_period_us = (uint32_t)debounce_us;
  }
  return true;
}
