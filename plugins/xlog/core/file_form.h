// What the bytes of a log file are, for the drain: rows in, and out come pieces that are appended whole or not at all.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/xlog/core/block_writer.h"
#include "plugins/xlog/core/envelope.h"
#include "plugins/xlog/core/frame.h"
#include "plugins/xlog/core/recovery.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class file_form {
 public:
  virtual ~file_form() = default;

  // Whether each piece says which rows it holds. Else the segment has to tell it: see core/write_intent.h.
  virtual bool proves_itself() const = 0;

  // The next one, from number 1 on.
  virtual void add_site(const site& s) = 0;
  // Gathers rows, as block_writer does.
  virtual block_writer::added add(const row& r) = 0;
  virtual uint32_t rows() const = 0;
  // Rows that were gathered are not written here. What comes next is in another file.
  virtual void forget() = 0;

  // What a new file begins with.
  virtual result<std::string> begin(const clock_anchor& anchor, const unique_id& id) = 0;
  // The rows that were gathered, at least one. `extra` has their anchor, and the threads by their numbers in rows.
  virtual result<std::string> lines(const block_extra& extra) = 0;
  // What a dead process left. THARSIS_E_UNSUPPORTED: it is sealed, and this form has no place for what is.
  virtual result<std::string> recovered(const recovered_payload& left, const block_extra& extra) = 0;
  // A line of ours.
  virtual result<std::string> note(int64_t wall, std::string_view text, uint32_t level) = 0;
  // What a file ends with.
  virtual result<std::string> end() = 0;
};

}  // namespace tharsis::xlog
