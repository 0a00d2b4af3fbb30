// Who may ask the receiver of logs for what, and how much it keeps: plugins/xlog/SHIPPING.md tells the protocol. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/shipping.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

struct log_limits {
  // A phone's logs of weeks, and a thousand such phones on a small disk.
  uint64_t bytes_per_source = uint64_t{1} << 30;
  uint64_t bytes_in_all = uint64_t{16} << 30;
  uint64_t sources = 1000;
  uint64_t files_per_source = 1000;  // Of which a list is made at each visit.
  // Files whose last byte came longer ago are removed.
  duration keep_for = 30 * 24h;
  // Beyond it the oldest are removed. 0: a receiver that is full says so, and removes nothing.
  uint64_t keep_bytes = 0;

  bool operator==(const log_limits&) const = default;
};

// Pieces whose file was never finished. A sender that was away for a day begins with what it lost.
inline constexpr duration pieces_kept_for = 24h;
// What is remembered of files that are gone, so that they do not come again: longer than a sender keeps them.
inline constexpr duration gone_kept_for = 90 * 24h;
inline constexpr duration wishes_kept_for = 7 * 24h;

struct log_reply {
  int status = 200;
  std::string body;
};

// What a request asks for.
struct log_call {
  enum class verb { tell, offer, post, fulfil } is = verb::tell;
  std::string source;
  std::string name;  // Of a file, or a wish.
};

// Tokens by source; "*": of any source that has none of its own. Who may come is decided before anything else is.
std::variant<log_call, log_reply> understand_log_call(std::string_view method, std::string_view target, std::string_view authorization,
                                                      const std::map<std::string, std::string>& tokens);

// What the receiver stores with a file.
struct log_record {
  shipping::manifest what;
  uint64_t size = 0;
  std::string edition;
  bool gone = false;
};
std::string record_text(const log_record& r);
// With its pieces, or with `head_only` without.
result<log_record> parse_log_record(std::string_view text, bool head_only);
inline constexpr size_t record_head_max = shipping::note_max + 1024;

// Lines of "since=2026-11-26T10:00:00 until=2026-11-26T11:00 level=debug" or "last=2h"; `now`: when that was written.
// What cannot be understood is left out.
std::vector<shipping::wish> parse_wishes(std::string_view text, int64_t now);

// Which files go: their places in the list.
struct kept_file {
  uint64_t size = 0;
  int64_t modified = 0;
};
std::vector<size_t> files_to_remove(const std::vector<kept_file>& files, const log_limits& limits, int64_t now);

// A name may be that of a log file, so that those who read the folder find it.
bool is_log_file_name(std::string_view name);

}  // namespace tharsis::gateway
