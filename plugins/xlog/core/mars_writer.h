// Makes the records of a file in Mars' form; see core/mars_record.h. Every decoder of Mars reads them: streams are finished,
// what does not seal has no key, and no record has more than these decoders take.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/xlog/core/mars_record.h"

namespace tharsis::xlog {

class mars_writer {
 public:
  // With keys of its own where it seals.
  static result<mars_writer> make(const mars_settings& s, const tharsis_random& random);
  static mars_writer unsealed(const mars_settings& s) { return mars_writer(s); }
  mars_writer(mars_writer&&) noexcept;
  ~mars_writer();

  // Most bytes of one record's text: beyond a million Mars' script drops the rest without a word.
  static constexpr size_t text_max = 1'000'000;

  // Appends a record with these lines, at most text_max bytes of them. A failure leaves `to` as it was.
  error block(std::string& to, std::string_view lines, unsigned first_hour, unsigned last_hour);
  // The same in the clear and at once, as Mars does in mode sync; for those who do not seal.
  void plain(std::string& to, std::string_view lines, unsigned hour);

  bool seals() const { return tea_.has_value(); }

 private:
  struct compressor;
  explicit mars_writer(const mars_settings& s);

  mars_compression compress_;
  std::unique_ptr<compressor> compressor_;
  std::optional<tea> tea_;
  mars_point sealed_by_{};
  uint16_t number_ = 0;
};

}  // namespace tharsis::xlog
