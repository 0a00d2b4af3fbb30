#include "plugins/dns/resolve_command.h"

#include <algorithm>
#include <cstdio>

#include "sdk/pure/address.h"
#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view usage =
    "usage: tharsis dns resolve NAME... [-4 | -6] [--json]\n"
    "The addresses of each name, where they came from and how long it took.\n"
    "  -4, -6   only addresses of this family\n"
    "  --json   one line of JSON\n"
    "exit code: 0 each name has an address, 1 one has none, 2 the command is wrong";

std::string_view source_name(uint32_t source) {
  switch (source) {
    case THARSIS_DNS_LITERAL: return "literal";
    case THARSIS_DNS_PINNED: return "pinned";
    case THARSIS_DNS_CACHED: return "cached";
    default: return "system";
  }
}

}  // namespace

void resolve_command::run(const command_call& call) {
  call_ = call;
  uint32_t family = 0;
  for (const std::string& word : call.words()) {
    if (word == "--help" || word == "-h") {
      call_->print(usage);
      return call_->finish(0);
    }
    if (word == "--json") as_json_ = true;
    else if (word == "-4") family = 4;
    else if (word == "-6") family = 6;
    else if (word.starts_with("-")) return refuse("there is no option '" + word + "'");
    else rows_.push_back({word});
  }
  if (rows_.empty()) return refuse("resolve needs a name");
  service_.open(0);
  asked_ = place_.now();
  for (row& r : rows_) ask(r, family);
  if (open_ == 0) print();
}

void resolve_command::refuse(const std::string& why) const {
  call_->refuse(why + "\n" + std::string(usage));
}

void resolve_command::ask(row& r, uint32_t family) {
  const tharsis_dns& dns = *service_.table();
  tharsis_error why = no_error();
  r.status = dns.resolve(dns.self, text_of(r.name), family, &resolve_command::on_answer, this, &r.query, &why);
  if (r.status == THARSIS_OK) {
    r.status = THARSIS_PENDING;
    ++open_;
  } else {
    r.reason = why.text;
  }
}

void resolve_command::on_answer(void* self, tharsis_handle query, const tharsis_dns_answer* a) {
  resolve_command& c = *static_cast<resolve_command*>(self);
  for (row& r : c.rows_) {
    if (r.query != query || r.status != THARSIS_PENDING) continue;
    r.status = a->status;
    r.source = source_name(a->source);
    for (uint32_t i = 0; i < a->count; ++i) r.addresses.push_back(ip_text(a->addresses[i]));
    r.reason = view(a->reason);
    r.took = c.place_.now() - c.asked_;
    if (--c.open_ == 0) c.print();
    return;
  }
}

void resolve_command::print() const {
  size_t width = 0;
  for (const row& r : rows_) width = std::max(width, r.name.size());
  std::string table;
  for (const row& r : rows_) table += (table.empty() ? "" : "\n") + line(r, width);
  call_->print(as_json_ ? json() : table);
  const bool all = std::all_of(rows_.begin(), rows_.end(), [](const row& r) { return r.status == THARSIS_OK; });
  call_->finish(all ? 0 : 1);
}

std::string resolve_command::line(const row& r, size_t width) const {
  std::string text = r.name + std::string(width - r.name.size(), ' ');
  if (r.status != THARSIS_OK) return text + "  unresolved: " + r.reason;
  for (const std::string& address : r.addresses) text += "  " + address;
  char took[32];
  std::snprintf(took, sizeof took, "%.1f ms", static_cast<double>(r.took.count()) / 1e6);
  return text + "  (" + r.source + ", " + took + ")";
}

std::string resolve_command::json() const {
  std::string list;
  for (const row& r : rows_) {
    std::string addresses;
    for (const std::string& a : r.addresses) addresses += (addresses.empty() ? "" : ",") + json_text(a);
    list += (list.empty() ? "" : ",") + json_object()
                                            .add("name", r.name)
                                            .add("status", status_name(r.status))
                                            .add("source", r.source)
                                            .add_raw("addresses", "[" + addresses + "]")
                                            .add("took_ms", static_cast<double>(r.took.count()) / 1e6)
                                            .add("reason", r.reason)
                                            .text();
  }
  return json_object().add_raw("names", "[" + list + "]").text();
}

}  // namespace tharsis::dns
