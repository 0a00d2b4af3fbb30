// The file of proven names. The first octet chooses: any text as the file, which is refused or true; or any lines with right sums,
// as only who knows the format writes them. What was read is written and read again, and says the same.
#include "plugins/dns/core/proven_file.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::dns;
using tharsis::fuzz::require;

namespace {

std::string with_sums(std::string_view lines) {
  std::string file = "tharsis dns proven 1\n";
  size_t count = 0;
  for (; !lines.empty(); ++count) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    file += proven_line(line);
  }
  return file + "end " + std::to_string(count) + "\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const instant now{1000h};
  constexpr int64_t wall = 1'767'225'600;
  const proven_records r = read_proven(data[0] % 2 == 0 ? std::string(text) : with_sums(text), now, wall);
  require((r.damage.status == THARSIS_OK) == r.damage.text.empty(), "damage has a sentence");
  settings::cache_settings roomy;
  roomy.entries = 10'000;
  roomy.memory = size_t{64} << 20;
  roomy.stale_max = 24h * 3650;
  cache known(roomy);
  for (auto p = r.whole.rbegin(); p != r.whole.rend(); ++p) {
    require(!p->about.name.empty() && !p->what.addresses.empty() && p->what.trusted && p->what.learned <= now, "a proof is one");
    (void)known.restore(*p, now);
  }
  const std::string once = write_proven(known, r.shown, now, wall);
  require(once.size() <= proven_file_max, "the file is bounded");
  const proven_records again = read_proven(once, now, wall);
  require(again.damage.status == THARSIS_OK, "what is written is read");
  cache same(roomy);
  for (auto p = again.whole.rbegin(); p != again.whole.rend(); ++p) (void)same.restore(*p, now);
  require(write_proven(same, again.shown, now, wall) == once, "and says the same");
  return 0;
}
