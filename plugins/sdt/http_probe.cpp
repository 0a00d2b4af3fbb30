#include "plugins/sdt/http_probe.h"

#include <algorithm>

#include "plugins/sdt/core/header_changes.h"
#include "plugins/sdt/core/http_date.h"
#include "plugins/sdt/tcp_probe.h"
#include "plugins/sdt/tls_trial.h"
#include "sdk/async/http1_client.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/address.h"
#include "sdk/pure/canary.h"
#include "sdk/pure/utc.h"

namespace tharsis::sdt {
namespace {

constexpr size_t body_most = 32 * 1024;  // A page that goes on for ever is cut off.
constexpr size_t text_most = 300;        // Of a header, in a report.
constexpr duration page_answer_most = 1500ms;
constexpr duration door_every = 250ms;  // 60 bytes each.
constexpr duration door_most = 1s;      // As long as the way may be.

url page_of(std::string host, uint16_t port, bool secure, std::string target) {
  url u;
  u.secure = secure;
  u.host = std::move(host);
  u.port = port;
  u.target = std::move(target);
  return u;
}

// What http has and https has not.
void compare(const page_answer& plain, const page_answer& twin, http_probe& p) {
  header_changes found = compare_headers(plain.fields, twin.fields);
  p.headers_added = std::move(found.added);
  p.headers_changed = std::move(found.changed);
  if (plain.status == twin.status) p.body = plain.body == twin.body ? page_body::as_expected : page_body::altered;
}

// What the server takes the time for; a server that is not proved to be one may say anything.
void compare_clocks(bench& b, const url& page, const http1::response_head& head) {
  const auto theirs = parse_http_date(http1::value_of(head.fields, "Date"));
  if (!theirs) return;
  auto p = b.start<clock_probe>("clock", probe_role::control, page.origin());
  p.source = page.origin();
  p.ahead_s = static_cast<double>(b.place.wall()) / 1e9 - static_cast<double>(*theirs);
  p.authentic = page.secure;
  b.finish(b.seen.clocks, std::move(p));
}

// As they are sent; who reads and writes them anew spells them his own way, or adds one of his.
const http1::field_list asked_fields = {{"User-Agent", "tharsis-sdt"}, {"aCCepT", "*/*"}, {"Connection", "close"}, {"Cache-Control", "no-cache"}, {"x-oDd-nAmE", "Tharsis  1"}};

// Any server must take it, and what hands questions on writes it in a way of its own: the whole URL (proxies want it, and send servers the path
// alone), with letters encoded that need not be, in small ones.
std::string odd_target(const url& page) { return page.text() + "?%7eodd=%2f..%2f"; }

// `text`: the question as it came, a field on each line. `target`: of its first one, as it was sent.
void compare_echo(std::string_view text, std::string_view target, http_probe& p) {
  p.body = text.starts_with("GET ") ? page_body::as_expected : page_body::foreign;
  if (p.body == page_body::foreign) return;
  p.odd_line_kept = text.substr(0, text.find('\n')) == "GET " + std::string(target) + " HTTP/1.1";
  header_changes found = compare_question(text, asked_fields);
  p.headers_added = std::move(found.added);
  p.headers_changed = std::move(found.changed);
  if (!found.via.empty()) p.via = std::move(found.via);
}

// No address has any; where a portal writes one nevertheless, it must not look as if the address ended there.
std::string without_blanks(std::string location) {
  for (size_t at = 0; (at = location.find_first_of(" \t", at)) != location.npos; at += 3) location.replace(at, 1, "%20");
  return location;
}

bool expects_nothing(const url& page) { return page.target.ends_with("generate_204"); }

}  // namespace

task<page_answer> ask_page(bench& b, std::unique_ptr<stream> wire, url page, duration most, http_probe* p) {
  page_answer a;
  if (!b.spend(300)) {
    p->failed = failure::budget;
    co_return a;
  }
  const double before = b.ms();
  http1_client client(b.place, std::move(wire), page);
  const instant end = b.until(most);
  http1::request_head asked;
  asked.target = page.target;
  asked.fields = asked_fields;
  if (const error wrong = client.begin(std::move(asked), 0); wrong.status != THARSIS_OK) {
    p->failed = failure_of(wrong.status);
    p->said = wrong.text.substr(0, text_most);
    co_return a;
  }
  p->sent += 300;
  auto head = co_await client.head(end);
  if (!head) {
    p->failed = failure_of(head.status());
    p->said = head.failure().text.substr(0, text_most);
    co_return a;
  }
  p->first_byte_ms = b.ms() - before;
  compare_clocks(b, page, *head);
  p->status = a.status = head->status;
  p->location = without_blanks(std::string(http1::value_of(head->fields, "Location")).substr(0, text_most));
  p->via = std::string(http1::value_of(head->fields, "Via")).substr(0, text_most);
  a.fields = std::move(head->fields);
  // It has answered, whatever becomes of the rest.
  while (a.body.size() < body_most) {
    const auto piece = co_await client.read(end);
    if (!piece || piece->empty()) break;
    a.body += as_text(piece->first(std::min(piece->size(), body_most - a.body.size())));
  }
  p->received += a.body.size() + 300;
  b.count_received(a.body.size() + 300);
  co_return a;
}

namespace {

struct asked_page {
  page_answer answer;
  http_probe note;
  bool certified = false;
};

task<asked_page> ask_canary(bench& b, url page, tharsis_address at, probe_role role) {
  asked_page got;
  got.note = b.start<http_probe>("http", role, page.text());
  got.note.url = page.text();
  got.note.to = to_text(at);
  auto there = co_await connect(b, page.secure ? probe_role::control : probe_role::canary, at, page_answer_most);
  if (!there.wire) {
    got.note.failed = there.failed;
    co_return got;
  }
  if (!page.secure) {
    got.answer = co_await ask_page(b, std::move(there.wire), page, page_answer_most, &got.note);
    co_return got;
  }
  if (!b.trusted.http1) co_return got;
  auto secured = co_await tls_connect(b.place, std::move(there.wire), *b.trusted.http1, page.host, b.until(page_answer_most));
  b.spend(700, 2500);
  if (!secured) {
    got.note.failed = failure_of(secured.status());
    got.note.said = secured.failure().text.substr(0, text_most);
    co_return got;
  }
  got.certified = true;
  got.answer = co_await ask_page(b, std::move(*secured), page, page_answer_most, &got.note);
  co_return got;
}

task<void> ask_twin(bench& b, url page, tharsis_address at, asked_page* into, signal* done) {
  auto got = co_await ask_canary(b, page, at, probe_role::canary);
  *into = std::move(got);
  done->raise();
}

// A page of a gateway of one's own: nobody on the way knows what it says to a number that was just drawn, and it says back
// how it was asked.
task<void> ask_gateway(bench& b, url page, tharsis_address at) {
  const std::string folder = page.target, nonce = random_hex(b.tables, 12);
  page.target = folder + nonce;
  auto marked = co_await ask_canary(b, page, at, probe_role::canary);
  const std::string expected = canary_mark(b.asked.canary_key, nonce) + "\n";
  if (marked.answer.status == 200) {
    const bool mark = marked.answer.body.size() == expected.size();
    marked.note.body = marked.answer.body == expected ? page_body::as_expected : mark ? page_body::altered : page_body::foreign;
    marked.note.nonce_kept = marked.answer.body == expected || !mark;
  } else if (marked.answer.status != 0) {
    marked.note.body = marked.answer.status == 404 ? page_body::unknown : page_body::foreign;
  }
  b.finish(b.seen.pages, std::move(marked.note));
  page.target = folder + "echo";
  url odd = page;
  odd.target = odd_target(page);
  auto echoed = co_await ask_canary(b, odd, at, probe_role::canary);
  echoed.note.url = echoed.note.target = page.text();
  if (echoed.answer.status == 200) compare_echo(echoed.answer.body, odd.target, echoed.note);
  b.finish(b.seen.pages, std::move(echoed.note));
}

}  // namespace

namespace {

task<std::vector<tharsis_address>> places_of(bench& b, canary c) {
  if (!c.at.empty()) co_return c.at;
  auto found = co_await b.names.resolve(c.page.host, b.until(page_answer_most));
  if (!found) co_return std::vector<tharsis_address>();
  for (tharsis_address& a : *found) a.port = c.page.port;
  co_return std::move(*found);
}

}  // namespace

task<bool> knows_page(bench& b, canary c) {
  auto at = co_await places_of(b, c);
  if (at.empty()) co_return false;
  if (is_of_gateway(c.page)) {
    const std::string nonce = random_hex(b.tables, 12);
    c.page.target += nonce;
    auto marked = co_await ask_canary(b, c.page, at.front(), probe_role::canary);
    co_return marked.answer.status == 200 && marked.answer.body == canary_mark(b.asked.canary_key, nonce) + "\n";
  }
  if (expects_nothing(c.page) && !c.page.secure) {
    auto got = co_await ask_canary(b, c.page, at.front(), probe_role::canary);
    co_return got.answer.status == 204 && got.answer.body.empty();
  }
  co_return co_await proves_itself(b, std::move(c));
}

namespace {

struct door {
  explicit door(strand& place) : opened(place) {}
  std::unique_ptr<stream> wire;
  signal opened;
};

task<void> knock_once(bench& b, tharsis_address at, door* d) {
  auto there = co_await connect(b, probe_role::canary, at, door_most);
  if (!there.wire || d->wire) co_return;
  d->wire = std::move(there.wire);
  d->opened.raise();
}

// The first connection that stands. A SYN that a portal has swallowed is sent again by the system after one second, then two, then four: a
// fresh one each `door_every` is there soon after it has opened.
task<std::unique_ptr<stream>> wait_at_door(bench& b, tharsis_address at) {
  door d(b.place);
  task_set knocks(b.place);
  while (!b.over() && !d.wire) {
    knocks.spawn(knock_once(b, at, &d));
    co_await d.opened.wait(b.until(door_every));
  }
  knocks.clear();
  co_return std::move(d.wire);
}

}  // namespace

task<bool> proves_itself(bench& b, canary c) {
  auto at = co_await places_of(b, c);
  if (at.empty() || is_of_gateway(c.page) || !b.trusted.http1) co_return false;
  at.front().port = c.page.secure ? c.page.port : uint16_t{443};
  auto wire = co_await wait_at_door(b, at.front());
  if (!wire || !b.spend(700, 2500)) co_return false;
  const auto secured = co_await tls_connect(b.place, std::move(wire), *b.trusted.http1, c.page.host, b.until(page_answer_most));
  co_return secured.ok();
}

task<void> try_canary(bench& b, canary c) {
  const auto at = co_await places_of(b, c);
  if (at.empty()) co_return;
  if (is_of_gateway(c.page)) {
    co_await ask_gateway(b, c.page, at.front());
    co_return;
  }
  asked_page twin;
  signal twin_done(b.place);
  task_set beside(b.place);
  tharsis_address secure_at = at.front();
  secure_at.port = 443;
  if (!c.page.secure) beside.spawn(ask_twin(b, page_of(c.page.host, 443, true, c.page.target), secure_at, &twin, &twin_done));
  auto got = co_await ask_canary(b, c.page, at.front(), probe_role::canary);
  http_probe p = std::move(got.note);
  if (got.answer.status != 0 && expects_nothing(c.page)) p.body = got.answer.status == 204 && got.answer.body.empty() ? page_body::as_expected : page_body::foreign;
  b.early.push_back(p);
  if (!c.page.secure) co_await twin_done.wait(b.end);
  beside.clear();
  std::erase_if(b.early, [&](const http_probe& e) { return e.id == p.id; });
  if (got.answer.status != 0) {
    if (twin.answer.status != 0 && got.answer.status == twin.answer.status) compare(got.answer, twin.answer, p);
    else if (twin.answer.status != 0 && !expects_nothing(c.page)) p.body = page_body::foreign;
  }
  if (!twin.note.id.empty()) {
    if (twin.answer.status != 0) twin.note.body = page_body::as_expected;
    p.control = twin.note.id;
    b.finish(b.seen.pages, std::move(twin.note));
  }
  b.finish(b.seen.pages, std::move(p));
}

task<void> try_plain_page(bench& b, tharsis_address to, std::string host) {
  to.port = 80;
  auto there = co_await connect(b, probe_role::other_port, to, page_answer_most);
  if (!there.wire) co_return;
  const url page = page_of(std::move(host), 80, false, "/");
  auto p = b.start<http_probe>("http", probe_role::target, page.text());
  p.url = page.text();
  p.to = to_text(to);
  const auto answer = co_await ask_page(b, std::move(there.wire), page, page_answer_most, &p);
  b.finish(b.seen.pages, std::move(p));
}

}  // namespace tharsis::sdt
