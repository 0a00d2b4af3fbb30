// Any bytes into the reader of HTTP/1.1 messages, cut where the first byte says: what it tells does not depend
// on the cuts, is within its limits, and a head that it takes can be written and reads as the same.
#include <optional>
#include <string>
#include <utility>

#include "sdk/pure/http1_reader.h"
#include "sdk/pure/url.h"
#include "sdk/pure/views.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::fuzz;

namespace {

constexpr http1::limits tight{200, 400, 5, 20, 1000};
using reads = http1::message_reader::reads;

template <class Head>
void read_again(reads what, const Head& head, const char* method) {
  const auto wire = http1::write_head(head);
  require(wire.ok(), "a head that was read can be written");
  http1::message_reader again(what);
  again.expect(method);
  auto bytes = as_bytes(*wire);
  require(again.next(bytes) >= http1::event::interim && again.failure().why.status == THARSIS_OK, "and read again");
  if constexpr (std::is_same_v<Head, http1::request_head>) {
    const auto& got = again.request();
    require(got.method == head.method && got.target == head.target && got.fields == head.fields && got.minor == head.minor,
            "as the same request");
  } else {
    const auto& got = again.response();
    require(got.status == head.status && got.fields == head.fields && got.minor == head.minor, "as the same answer");
  }
}

// All that is told of the bytes in pieces of this size.
std::string told(reads what, const char* method, std::span<const uint8_t> rest, size_t piece, bool check) {
  http1::message_reader reader(what, tight);
  reader.expect(method);
  std::string all;
  size_t body = 0;
  bool ended = false;
  for (http1::event e{}; e != http1::event::failed;) {
    if (rest.empty() && ended) break;
    std::span<const uint8_t> bytes = rest.first(std::min(piece, rest.size()));
    const size_t given = bytes.size();
    e = given > 0 ? reader.next(bytes) : reader.on_end();
    ended = given == 0 && e == http1::event::more;
    rest = rest.subspan(given - bytes.size());
    if (e == http1::event::more) continue;
    if (e == http1::event::body) {
      require(!reader.piece().empty() && reader.piece().size() <= piece, "a piece is some of what was given");
      body += reader.piece().size();
      all += as_text(reader.piece());
      require(body <= tight.body, "a body is within its limit");
      continue;
    }
    all += "<" + std::to_string(static_cast<int>(e)) + ">";
    if (e == http1::event::end) body = 0;
    if (e == http1::event::failed) all += reader.failure().why.text;
    if (e != http1::event::head && e != http1::event::interim) continue;
    all += what == reads::requests ? reader.request().target : reader.response().reason;
    if (!check) continue;
    if (what == reads::requests) read_again(what, reader.request(), method);
    else read_again(what, reader.response(), method);
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reader input(data, size);
  const size_t piece = input.byte() + size_t{1};
  const uint8_t kind = input.byte();
  const auto rest = input.take(size);
  const reads what = kind % 2 == 0 ? reads::requests : reads::responses;
  const char* const method = kind % 8 < 6 ? "GET" : "HEAD";
  require(told(what, method, rest, piece, true) == told(what, method, rest, size + 1, false), "cuts change nothing");

  const auto u = parse_url(as_text(rest));
  if (u) {
    const auto again = parse_url(u->text());
    require(again.ok() && again->text() == u->text(), "a URL that was read reads as the same");
    require(http1::write_head(http1::request_head{"GET", u->target, {{"Host", u->authority()}}}).ok(), "and can be asked for");
  }
  require(*percent_decode(percent_encode(as_text(rest))) == as_text(rest), "percent-encoding goes there and back");
  return 0;
}
