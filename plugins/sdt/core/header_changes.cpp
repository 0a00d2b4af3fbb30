#include "plugins/sdt/core/header_changes.h"

#include <algorithm>

namespace tharsis::sdt {
namespace {

constexpr size_t header_name_most = 100, header_via_most = 300, headers_most = 16;

// Differ from answer to answer, or between HTTP and HTTPS of the same server.
constexpr std::string_view not_compared[] = {"date", "connection", "keep-alive", "transfer-encoding", "content-length", "alt-svc",
                                             "strict-transport-security", "age", "expires", "set-cookie", "etag", "last-modified"};

bool compared(const std::string& name) {
  return std::none_of(std::begin(not_compared), std::end(not_compared), [&](std::string_view n) { return http1::same_name(n, name); });
}

void note(std::vector<std::string>& list, std::string_view name) {
  if (list.size() < headers_most) list.emplace_back(name.substr(0, header_name_most));
}

// A line that is no field may be all value.
std::string_view name_in(std::string_view line) {
  const size_t colon = line.find(':');
  const bool named = colon != line.npos && colon > 0 && line.find_first_of(" \t") > colon;
  return named ? line.substr(0, colon) : "(a line without a name)";
}

}  // namespace

header_changes compare_headers(const http1::field_list& plain, const http1::field_list& twin) {
  header_changes found;
  for (const http1::field& f : plain) {
    if (!compared(f.name)) continue;
    const std::string* const same = http1::find(twin, f.name);
    if (same == nullptr) note(found.added, f.name);
    else if (*same != f.value) note(found.changed, f.name);
  }
  for (const http1::field& f : twin)
    if (compared(f.name) && http1::find(plain, f.name) == nullptr) note(found.changed, f.name);
  return found;
}

header_changes compare_question(std::string_view heard, const http1::field_list& asked) {
  header_changes found;
  std::vector<bool> came(asked.size());
  for (size_t at = heard.find('\n'); at != heard.npos && at + 1 < heard.size();) {
    const size_t end = heard.find('\n', at + 1);
    const std::string_view line = heard.substr(at + 1, end - at - 1);
    at = end;
    const auto same = std::find_if(asked.begin(), asked.end(), [&](const http1::field& f) { return f.name + ": " + f.value == line; });
    if (same != asked.end()) came[static_cast<size_t>(same - asked.begin())] = true;
    else if (!line.starts_with("Host: ")) note(found.added, name_in(line));
    if (http1::same_name(line.substr(0, 4), "via:")) found.via = line.substr(4, header_via_most);
  }
  for (size_t i = 0; i < came.size(); ++i)
    if (!came[i]) note(found.changed, asked[i].name);
  return found;
}

}  // namespace tharsis::sdt
