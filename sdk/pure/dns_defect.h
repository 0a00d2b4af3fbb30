// What may be wrong with the bytes of a DNS message.
#pragma once
#include <cstdint>
#include <string_view>

namespace tharsis::dns {

enum class defect : uint8_t {
  none,
  too_short,         // Less than a head.
  name_cut,          // A name runs past the end.
  name_long,         // More than 255 octets.
  name_labels,       // More than 64 labels.
  name_label,        // A label of a kind that does not exist.
  name_loop,         // A pointer that does not lead backwards, or one too many.
  record_cut,        // A record or a question runs past the end.
  records_many,      // More records than any answer needs.
  questions_many,    // More than one question.
  options_many,      // More than one OPT record, or one that is not among the additional ones.
};

// The end of a sentence that begins with "the message".
constexpr std::string_view sentence(defect d) {
  switch (d) {
    case defect::none: return "is whole";
    case defect::too_short: return "is shorter than a head";
    case defect::name_cut: return "has a name that runs past its end";
    case defect::name_long: return "has a name of more than 255 octets";
    case defect::name_labels: return "has a name of more than 64 labels";
    case defect::name_label: return "has a label of an unknown kind";
    case defect::name_loop: return "has a compressed name that leads nowhere";
    case defect::record_cut: return "has a record that runs past its end";
    case defect::records_many: return "has more records than any answer needs";
    case defect::questions_many: return "has more than one question";
    case defect::options_many: return "has an OPT record too many";
  }
  return "is damaged";
}

}  // namespace tharsis::dns
