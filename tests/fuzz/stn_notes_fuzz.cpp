// What stn finds in files of its own, which anybody may have damaged, and in a server's Retry-After. The first byte chooses what it is.
// It is refused with a sentence, or stays within its bounds, is shown, and says the same when it is written again.
#include "plugins/stn/core/lane_memory.h"
#include "plugins/stn/core/links_report.h"
#include "sdk/pure/retry_after.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

namespace {

constexpr int64_t wall_seconds = 1'767'225'600;

void try_lanes(std::string_view text) {
  stn::lane_memory read;
  if (const error why = read.read(text); why.status != THARSIS_OK) return require(!why.text.empty(), "a refusal has a sentence");
  stn::lane_memory again;
  require(again.read(read.text()).status == THARSIS_OK, "what is written is read");
  require(again.text() == read.text(), "and says the same");
}

void try_links(std::string_view text) {
  const auto read = stn::parse_links_report(text);
  if (!read) return require(!read.failure().text.empty(), "a refusal has a sentence");
  const std::string written = stn::book_text(*read);
  const auto again = stn::parse_links_report(written);
  require(again.ok() && stn::book_text(*again) == written, "what is written is read");
  const int64_t now = wall_seconds * 1'000'000'000;
  require(!stn::status_text(*read, now).empty() && !stn::status_json(*read, now).empty(), "a status is shown");
  require(!stn::explain_json(*read, "", now).empty(), "and what led to it");
  stn::explain_text(*read, "", now);
}

void try_retry_after(std::string_view text) {
  const auto wait = read_retry_after(text, wall_seconds);
  require(!wait || (*wait >= duration::zero() && *wait <= std::chrono::hours(365 * 24)), "nobody waits for longer than a year");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = fuzz::text_of(data, size);
  if (all.empty()) return 0;
  const std::string_view text = all.substr(1);
  switch (all[0]) {
    case 'w': try_lanes(text); break;
    case 'l': try_links(text); break;
    default: try_retry_after(text);
  }
  return 0;
}
