// A server of HTTP/2 that sends what it likes to a client with four exchanges, cut where the first byte says: what is
// told does not depend on the cuts (but how much of a body that fails: a piece that is too long is judged as a whole),
// every exchange has one end at most, and what is kept is within its limits.
#include <map>
#include <string>

#include "sdk/async/http2_session.h"
#include "sdk/pure/views.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::fuzz;

namespace {

constexpr http2_limits tight{.head = {.head = 2'000, .fields = 20, .body = 100'000}, .window = 4'000, .exchanges = 4, .chatter = 5'000};
constexpr size_t head_extra = 32;

void drain(http2_session& s) {
  while (!s.take_output(4'096).empty()) {
  }
}

// All that is told by the end, of bytes in pieces of this size. `takes`: as it comes; else all at once, at the end.
std::string told(std::span<const uint8_t> rest, size_t piece, uint8_t kind, bool takes) {
  http2_session s(*parse_url("https://web.test/"), tight);
  std::map<int32_t, std::string> all, bodies;
  std::map<int32_t, int> ends;
  for (int i = 0; i < 4; ++i) {
    const bool body = i % 2 == 1;
    const auto id = s.begin({i == 2 ? "HEAD" : body ? "POST" : "GET", "/", {}}, body);
    require(id.ok(), "four may begin");
    all[*id];
    if (body && (kind & 2) == 0) s.write(*id, as_bytes("what is sent"), true);
  }
  drain(s);
  const auto take = [&](int32_t id) {
    for (;;) {
      const http1::event e = s.next(id);
      if (e == http1::event::more) return;
      require(ends[id] == 0, "nothing comes after the end");
      if (e == http1::event::body) {
        require(!s.piece(id).empty(), "a piece has bytes");
        bodies[id] += as_text(s.piece(id));
      } else if (e == http1::event::failed || e == http1::event::end) {
        ++ends[id];
        if (e == http1::event::failed) require(s.failure(id).status != THARSIS_OK && !s.failure(id).text.empty(), "a failure says why");
        else for (const auto& f : s.trailers(id)) all[id] += f.name + f.value;
        all[id] += e == http1::event::end ? bodies[id] + "<end>" : "<failed>";
      } else {
        const auto& head = s.response(id);
        require(head.status >= 100 && (head.status < 200) == (e == http1::event::interim), "a status is one");
        require(head.fields.size() <= tight.head.fields, "no more fields than allowed");
        size_t size = 0;
        for (const auto& f : head.fields) size += f.name.size() + f.value.size() + head_extra, all[id] += f.name + f.value;
        require(size <= tight.head.head, "no more bytes of a head than allowed");
        all[id] += "<" + std::to_string(head.status) + ">";
      }
    }
  };
  while (!rest.empty()) {
    s.on_bytes(rest.first(std::min(piece, rest.size())));
    rest = rest.subspan(std::min(piece, rest.size()));
    if (takes) {
      drain(s);
      for (const int32_t id : s.take_news()) take(id);
    }
  }
  drain(s);
  s.on_end({THARSIS_E_RESET, "the end"});
  std::string whole;
  for (auto& [id, text] : all) {
    take(id);
    require(ends[id] == 1, "each has one end");
    whole += text + "|";
    s.drop(id);
  }
  require(s.over() && !s.takes_more() && s.room() == 0, "it is over");
  return whole;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reader input(data, size);
  const size_t piece = input.byte() + size_t{1};
  const uint8_t kind = input.byte();
  const auto rest = input.take(size);
  if (kind % 2 == 0) require(told(rest, piece, kind, false) == told(rest, size + 1, kind, false), "cuts change nothing");
  else told(rest, piece, kind, true);
  return 0;
}
