// Takes a file of Mars' apart, .xlog or .mmap3: bytes in, records and damage out. Its form has no checksum: damage shows where it makes nonsense, costs its record, and what follows is found again.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/doubtful_stretch.h"
#include "plugins/xlog/core/key_file.h"
#include "plugins/xlog/core/line_item.h"
#include "plugins/xlog/core/mars_record.h"
#include "plugins/xlog/core/mars_stream.h"
#include "plugins/xlog/core/mars_text.h"

namespace tharsis::xlog {

class mars_reader {
 public:
  using item = line_item;

  // `key`: Mars', for sealed blocks; it must outlive this, and may be null.
  explicit mars_reader(const private_key* key = nullptr) : key_(key) {}

  void on_bytes(std::string_view bytes);
  void on_end() { ended_ = true; }
  // The next record or damage; nothing: more bytes are needed, or that was all.
  std::optional<item> take();

  // Whether there are sealed blocks, and nobody gave their key.
  bool sealed() const { return unopened_ > 0; }

 private:
  enum class found { record, part, nothing, more };

  std::optional<item> next_line();
  bool next_record();
  found look(std::string_view left);
  std::optional<size_t> find_inside(std::string_view left, size_t size);
  bool on_start();
  bool open(std::string_view record);
  void open_part(std::string_view left);
  bool open_payload(const mars_record_header& h, std::string_view payload);
  bool unseal(const mars_record_header& h);
  void check_number(const mars_record_header& h);
  void go_on();
  void pass_damaged();
  void close_record();
  void pass_lost(std::string_view left);
  void tell_lost(const std::string& more = {});
  bool at_end();
  item damaged(uint64_t at, const std::string& what) const;
  void tell(const std::string& what);

  const private_key* key_;
  std::string bytes_;
  size_t taken_ = 0;     // Of bytes_.
  uint64_t offset_ = 0;  // Of bytes_[0] in the file.
  bool started_ = false, ended_ = false, end_told_ = false;
  std::deque<item> told_;

  // The record that is open.
  uint64_t record_at_ = 0;
  size_t record_size_ = 0;
  bool in_record_ = false;
  bool cut_ = false;          // The file ends in it.
  bool sealed_ = false;
  std::string payload_;
  std::optional<mars_stream> stream_;
  uint64_t expanded_ = 0;     // Bytes.
  mars_text text_;

  uint64_t lost_ = 0, lost_at_ = 0;  // Bytes that are no record, and where they begin.
  // In the file: no record of today begins in between. Lost bytes are searched once and not for each that looks like a record.
  uint64_t searched_from_ = 0, searched_to_ = 0;
  uint64_t unsure_at_ = ~uint64_t{0};  // The first place in between of which more bytes may tell otherwise.
  doubtful_stretch doubtful_;
  uint16_t last_number_ = 0;         // Of a block; 0: none yet.
  uint64_t unopened_ = 0;            // Blocks, for want of a key.
  std::map<mars_point, std::optional<tea>> agreed_;
};

// Whether a file that begins with these bytes looks like one of Mars'.
bool may_be_mars(std::string_view bytes);

}  // namespace tharsis::xlog
