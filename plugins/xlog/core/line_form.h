// Files of lines as people and other programs read them: rows are put into words here, so that no reader needs the program
// that said them.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "plugins/xlog/core/file_form.h"
#include "plugins/xlog/core/kept_rows.h"
#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

class line_form : public file_form {
 public:
  explicit line_form(uint32_t process = 0) : process_(process) {}

  bool proves_itself() const override { return false; }
  void add_site(const site& s) override { rows_.add_site(s); }
  block_writer::added add(const row& r) override;
  uint32_t rows() const override { return static_cast<uint32_t>(rows_.size()); }
  void forget() override { rows_.clear(); }
  result<std::string> begin(const clock_anchor&, const unique_id&) override { return std::string(); }
  result<std::string> lines(const block_extra& extra) override;
  result<std::string> recovered(const recovered_payload& left, const block_extra& extra) override;
  result<std::string> note(int64_t wall, std::string_view text, uint32_t level) override;
  result<std::string> end() override { return std::string(); }

 protected:
  // A line; without `of` it came as finished text. `process` said it.
  virtual error put(std::string& to, const record& r, const site* of, std::span<const uint8_t> arguments, uint32_t process) = 0;
  // What was put is to be in `to`.
  virtual error close(std::string&) { return {THARSIS_OK, {}}; }

 private:
  const uint32_t process_;
  kept_rows rows_;
};

// Each as core/line.h says.
class text_form final : public line_form {
 protected:
  error put(std::string& to, const record& r, const site* of, std::span<const uint8_t> arguments, uint32_t process) override;
};

// Each as core/json_line.h says.
class json_form final : public line_form {
 protected:
  error put(std::string& to, const record& r, const site* of, std::span<const uint8_t> arguments, uint32_t process) override;
};

}  // namespace tharsis::xlog
