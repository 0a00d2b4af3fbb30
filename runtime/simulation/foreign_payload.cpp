#include "runtime/simulation/foreign_payload.h"

#include <cstring>
#include <limits>

#include "runtime/simulation/noise.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr size_t text_longest = 100'000;

// The ends of a type more often than what is between them.
template <class T>
T extreme(dice& chance) {
  switch (chance.below(5)) {
    case 0: return std::numeric_limits<T>::lowest();
    case 1: return std::numeric_limits<T>::max();
    case 2: return T{0};
    case 3: return T{1};
    default: return static_cast<T>(chance.next());
  }
}

std::string odd_text(dice& chance) {
  switch (chance.below(6)) {
    case 0: return {};
    case 1: return std::string(chance.below(text_longest), 'x');
    case 2: return std::string("a\0b", 3);
    case 3: return "\xFF\xC0 \xED\xA0\x80";
    case 4: return "%s%n {} {name} ../../\"'<b>\r\n";
    default: return noise(chance, chance.below(200));
  }
}

}  // namespace

foreign_payload::foreign_payload(const tharsis_topic& topic, dice& chance) : bytes_((topic.payload_size + 7) / 8) {
  for (uint32_t i = 0; i < topic.fields_count; ++i) fill(topic.fields[i], chance);
}

template <class T>
void foreign_payload::put(const tharsis_field& field, T value) {
  std::memcpy(reinterpret_cast<char*>(bytes_.data()) + field.offset, &value, sizeof value);
}

void foreign_payload::fill(const tharsis_field& field, dice& chance) {
  switch (field.type) {
    case THARSIS_FIELD_U8: return put(field, extreme<uint8_t>(chance));
    case THARSIS_FIELD_BOOL: return put(field, static_cast<uint8_t>(chance.below(2)));
    case THARSIS_FIELD_U16: return put(field, extreme<uint16_t>(chance));
    // What a later version has appended as well.
    case THARSIS_FIELD_ENUM: return put(field, chance.chance(0.3) ? extreme<uint32_t>(chance) : static_cast<uint32_t>(chance.below(field.names_count + 2u)));
    case THARSIS_FIELD_U32: return put(field, extreme<uint32_t>(chance));
    case THARSIS_FIELD_I32: return put(field, extreme<int32_t>(chance));
    case THARSIS_FIELD_U64: return put(field, extreme<uint64_t>(chance));
    case THARSIS_FIELD_F64: return put(field, extreme<double>(chance));
    case THARSIS_FIELD_TEXT:
    case THARSIS_FIELD_SECRET:
    case THARSIS_FIELD_BYTES: return put(field, text_of(texts_.emplace_back(odd_text(chance))));
    default: return put(field, extreme<int64_t>(chance));
  }
}

}  // namespace tharsis::runtime
