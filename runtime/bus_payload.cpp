#include "runtime/bus_payload.h"

#include <cstring>

#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

size_t field_size(uint32_t type) {
  switch (type) {
    case THARSIS_FIELD_U8:
    case THARSIS_FIELD_BOOL: return 1;
    case THARSIS_FIELD_U16: return 2;
    case THARSIS_FIELD_U32:
    case THARSIS_FIELD_I32:
    case THARSIS_FIELD_ENUM: return 4;
    case THARSIS_FIELD_U64:
    case THARSIS_FIELD_I64:
    case THARSIS_FIELD_F64:
    case THARSIS_FIELD_DURATION:
    case THARSIS_FIELD_WALL: return 8;
    case THARSIS_FIELD_TEXT:
    case THARSIS_FIELD_SECRET: return sizeof(tharsis_text);
    case THARSIS_FIELD_BYTES: return sizeof(tharsis_bytes);
    default: return 0;
  }
}

bool points(uint32_t type) {
  return type == THARSIS_FIELD_TEXT || type == THARSIS_FIELD_SECRET || type == THARSIS_FIELD_BYTES;
}

static_assert(sizeof(tharsis_text) == sizeof(tharsis_bytes), "text and bytes are copied alike");

tharsis_text text_at(const void* payload, uint32_t offset) {
  tharsis_text text;
  std::memcpy(&text, static_cast<const char*>(payload) + offset, sizeof text);
  return text;
}

template <class T>
T value_at(const void* payload, uint32_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(payload) + offset, sizeof value);
  return value;
}

// A plugin that was built before there were flags has none.
uint32_t flags_of(const tharsis_topic& topic) { return topic.size >= sizeof topic ? topic.flags : 0; }

std::string hexadecimal(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[c & 15];
  }
  return out;
}

void add_field(json_object& object, const tharsis_field& f, const void* payload) {
  switch (f.type) {
    case THARSIS_FIELD_U8: object.add(f.name, value_at<uint8_t>(payload, f.offset)); break;
    case THARSIS_FIELD_U16: object.add(f.name, value_at<uint16_t>(payload, f.offset)); break;
    case THARSIS_FIELD_U32: object.add(f.name, value_at<uint32_t>(payload, f.offset)); break;
    case THARSIS_FIELD_I32: object.add(f.name, value_at<int32_t>(payload, f.offset)); break;
    case THARSIS_FIELD_U64: object.add(f.name, value_at<uint64_t>(payload, f.offset)); break;
    case THARSIS_FIELD_I64:
    case THARSIS_FIELD_DURATION:
    case THARSIS_FIELD_WALL: object.add(f.name, value_at<int64_t>(payload, f.offset)); break;
    case THARSIS_FIELD_F64: object.add(f.name, value_at<double>(payload, f.offset)); break;
    case THARSIS_FIELD_BOOL: object.add(f.name, value_at<uint8_t>(payload, f.offset) != 0); break;
    case THARSIS_FIELD_ENUM: {
      const uint32_t index = value_at<uint32_t>(payload, f.offset);
      if (index < f.names_count) object.add(f.name, std::string_view(f.names[index]));
      else object.add(f.name, index);
      break;
    }
    case THARSIS_FIELD_TEXT: object.add(f.name, view(text_at(payload, f.offset))); break;
    case THARSIS_FIELD_BYTES: object.add(f.name, hexadecimal(view(text_at(payload, f.offset)))); break;
    default: object.add(f.name, std::string_view("***")); break;
  }
}

}  // namespace

bool is_inline(const tharsis_topic& topic) { return (flags_of(topic) & THARSIS_TOPIC_INLINE) != 0; }

tharsis_status check_topic(const tharsis_topic& topic, tharsis_error* error) {
  const auto wrong = [&](const std::string& what) {
    return fail(error, THARSIS_E_INVALID, "topic '" + std::string(topic.name ? topic.name : "?") + "': " + what);
  };
  if (topic.name == nullptr || *topic.name == '\0') return wrong("it has no name");
  if (topic.size < offsetof(tharsis_topic, flags)) return wrong("its `size` is too small");
  if ((flags_of(topic) & ~uint32_t{THARSIS_TOPIC_INLINE}) != 0) return wrong("it has a flag that this runtime does not know");
  if (is_inline(topic) && topic.kind != THARSIS_TOPIC_EVENT) return wrong("only a topic of kind event can be inline");
  if (topic.kind < THARSIS_TOPIC_EVENT || topic.kind > THARSIS_TOPIC_LOG) return wrong("its kind is unknown");
  if (topic.fields_count > 0 && topic.fields == nullptr) return wrong("its field table is missing");
  if (topic.payload_size == 0 || topic.payload_size > 64 * 1024) return wrong("its payload is empty or above 64 KiB");
  for (uint32_t i = 0; i < topic.fields_count; ++i) {
    const tharsis_field& f = topic.fields[i];
    if (f.name == nullptr) return wrong("a field has no name");
    const size_t size = field_size(f.type);
    if (size == 0) return wrong("field '" + std::string(f.name) + "' has an unknown type");
    if (f.offset > topic.payload_size || topic.payload_size - f.offset < size)
      return wrong("field '" + std::string(f.name) + "' lies outside the payload");
    if (f.type == THARSIS_FIELD_ENUM && f.names == nullptr)
      return wrong("field '" + std::string(f.name) + "' is an enum without names");
  }
  return THARSIS_OK;
}

size_t payload_size(const tharsis_topic& topic, const void* payload) {
  size_t size = topic.payload_size;
  for (uint32_t i = 0; i < topic.fields_count; ++i)
    if (points(topic.fields[i].type)) size += text_at(payload, topic.fields[i].offset).size;
  return size;
}

void copy_payload(const tharsis_topic& topic, const void* payload, void* into) {
  char* const base = static_cast<char*>(into);
  std::memcpy(base, payload, topic.payload_size);
  char* end = base + topic.payload_size;
  for (uint32_t i = 0; i < topic.fields_count; ++i) {
    if (!points(topic.fields[i].type)) continue;
    tharsis_text text = text_at(payload, topic.fields[i].offset);
    if (text.size > 0) std::memcpy(end, text.data, text.size);
    text.data = text.size > 0 ? end : nullptr;
    std::memcpy(base + topic.fields[i].offset, &text, sizeof text);
    end += text.size;
  }
}

std::string payload_json(const tharsis_topic& topic, const void* payload) {
  json_object object;
  for (uint32_t i = 0; i < topic.fields_count; ++i) add_field(object, topic.fields[i], payload);
  return object.text();
}

std::string event_json(const tharsis_event& event) {
  return json_object()
      .add("topic", event.topic->name)
      .add("sequence", event.sequence)
      .add("wall", event.wall)
      .add("snapshot", event.snapshot != 0)
      .add_raw("payload", payload_json(*event.topic, event.payload))
      .text();
}

}  // namespace tharsis::runtime
