// Any bytes as what a sender or a receiver of logs says, and as what the gateway noted of half a body: what is understood is within its
// limits and says the same again, and names lead nowhere else. The first byte chooses what it is.
#include "plugins/gateway/core/log_rules.h"
#include "plugins/gateway/core/stream_rules.h"
#include "sdk/pure/shipping.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

namespace {

void try_manifest(std::string_view text) {
  const auto m = shipping::parse_manifest(text);
  if (!m) return;
  require(m->pieces.size() <= shipping::pieces_max && m->note.size() <= shipping::note_max, "a manifest is bounded");
  require(shipping::text_of(*m) == text, "there is one way to write a manifest");
  const gateway::log_record r{*m, m->size(), m->edition(), false};
  const auto again = gateway::parse_log_record(gateway::record_text(r), false);
  require(again.ok() && again->what == *m && again->edition == r.edition, "what is stored is read");
}

void try_standing(std::string_view text) {
  const auto s = shipping::parse_standing(text);
  if (!s) return;
  for (const auto& f : s->files) require(shipping::is_name(f.name) && f.name.find('/') == std::string::npos, "a file has a name");
  const auto again = shipping::parse_standing(shipping::text_of(*s));
  require(again.ok() && *again == *s, "a standing comes back");
}

void try_missing(std::string_view text) {
  const auto runs = shipping::parse_missing(text, 100);
  if (!runs) return;
  uint32_t next = 0;
  for (const auto& [first, last] : *runs) {
    require(first >= next && last >= first && last < 100, "runs ascend and are of the file");
    next = last + 1;
  }
}

void try_post(std::string_view body) {
  const auto pieces = shipping::parse_post(body);
  if (!pieces) return;
  std::string again;
  for (const auto& p : *pieces) shipping::append_piece(again, p.what, p.bytes);
  require(again == body, "pieces come back");
}

void try_half(std::string_view text) {
  const auto r = gateway::parse_half_record(text);
  if (!r) return;
  require(streams::is_file_name(r->name) && r->name.find('/') == std::string::npos, "a body has the name of a file");
  require(gateway::record_text(*r) == text, "there is one way to note a half");
}

void try_call(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return;
  const auto call = gateway::understand_log_call(text.substr(0, space), text.substr(space + 1), "Bearer a token", {{"*", "a token"}});
  if (const auto* c = std::get_if<gateway::log_call>(&call)) {
    require(shipping::is_name(c->source) && c->source[0] != '.', "a source has a name");
    require(c->is != gateway::log_call::verb::offer || gateway::is_log_file_name(c->name), "a file has a name");
  }
  require(std::holds_alternative<gateway::log_reply>(gateway::understand_log_call("GET", text, "Bearer another", {{"*", "a token"}})), "without its token nobody comes in");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = fuzz::text_of(data, size);
  if (all.empty()) return 0;
  const std::string_view text = all.substr(1);
  switch (all[0]) {
    case 'm': try_manifest(text); break;
    case 's': try_standing(text); break;
    case 'l': try_missing(text); break;
    case 'h': try_half(text); break;
    case 'p': try_post(text); break;
    case 'w': gateway::parse_wishes(text, 1'795'000'000'000'000'000); break;
    default: try_call(text);
  }
  return 0;
}
