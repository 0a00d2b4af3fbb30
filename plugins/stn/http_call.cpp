#include "plugins/stn/http_call.h"

#include <algorithm>
#include <utility>

#include "plugins/stn/core/http_keep_alive.h"
#include "plugins/stn/core/http_redirect.h"
#include "plugins/stn/core/wait_text.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

// A body of at most this many bytes leaves together with its head.
constexpr size_t joined_max = 16 * 1024;
constexpr size_t piece_max = 64 * 1024;
// So much of a redirect's body is read to keep its connection; it takes less than a new one.
constexpr uint64_t swallowed_max = 64 * 1024;
// Nor is it waited for longer than a new connection may take.
constexpr duration swallowed_within = 1s;
// A server that turns a request away unread may do so again while it restarts; not for ever.
constexpr int refusals_max = 3;
// Whoever waits for less than this has not found out that a server is silent.
constexpr duration silence_min = 2s;
// That a server that says nothing keeps a connection.
constexpr duration kept_unless_said = 24h;

std::string status_of(const http1::response_head& head) { return std::to_string(head.status); }

std::optional<http_inflate::coding> coding_of(const http1::field_list& fields) {
  const std::string_view name = http1::value_of(fields, "Content-Encoding");
  if (http1::same_name(name, "gzip") || http1::same_name(name, "x-gzip")) return http_inflate::coding::gzip;
  if (http1::same_name(name, "deflate")) return http_inflate::coding::deflate;
  return std::nullopt;
}

}  // namespace

http_call::http_call(strand& place, http_connections& connections, http_ask what, http_care* care)
    : place_(place), connections_(connections), care_(care), ask_(std::move(what)), since_(place.now()) {
  decodes_ = ask_.decode && http1::find(ask_.fields, "Accept-Encoding") == nullptr && http1::find(ask_.fields, "Range") == nullptr;
}

void http_call::enter(phase p) {
  const instant now = place_.now();
  duration* const spent[] = {&times_.queued, &times_.connect, &times_.first_byte, &times_.rest};
  *spent[static_cast<size_t>(phase_)] += now - std::exchange(since_, now);
  phase_ = p;
}

task<result<http1::response_head>> http_call::answer() {
  std::optional<instant> newer_than;
  if (care_ != nullptr) care_->on_first(ask_.to.origin());
  for (;;) {
    if (server_rests()) {
      const error spared = co_await wait_for_server();
      if (spared.status != THARSIS_OK) co_return spared;
    }
    auto head = co_await attempt(newer_than);
    if (std::exchange(turned_back_, false)) continue;
    if (!head) {
      on_no_answer(head.failure());
      const bool refused = unprocessed_ && ++refusals_ <= refusals_max && !(ask_.pieces != nullptr && body_begun_);
      const bool again = refused || (!newer_than && may_repeat(head.failure()));
      if (!again) co_return given_up(explained(head.failure()));
      line_.reset();
      if (!refused) newer_than = place_.now();
      continue;
    }
    if (ask_.jar)
      for (const http1::field& f : head->fields)
        if (http1::same_name(f.name, "Set-Cookie")) ask_.jar->take(ask_.to, f.value, place_.wall() / 1'000'000'000);
    if (goes_again(*head)) {
      co_await release_quickly();
      newer_than.reset();
      continue;
    }
    if (!leads_on(*head)) {
      if (auto wrong = prepare(*head)) co_return given_up(std::move(*wrong));
      co_return head;
    }
    co_await release_quickly();
    if (auto wrong = follow(*head)) co_return std::move(*wrong);
    newer_than.reset();
  }
}

// For as long as the server has asked for.
task<error> http_call::wait_for_server() {
  const std::string origin = ask_.to.origin();
  signal rest(place_);
  for (;;) {
    const instant now = place_.now(), until = care_->until(origin);
    if (until <= now) co_return fine();
    if (!ask_.waits || until >= ask_.deadline)
      co_return error{THARSIS_E_BUSY, origin + " has too much to do, and is not asked for " + wait_text(until - now) + (ask_.waits ? ", which is longer than the call may take" : "")};
    co_await rest.wait(until);
  }
}

// Has the server said that it wants to be asked later, and does that make sense here? Nothing was carried out by one that says
// 429; one that says 503 may have begun.
bool http_call::goes_again(const http1::response_head& head) {
  if (care_ == nullptr) return false;
  bool left_alone = false;
  const tharsis_address server = line_->server();
  const duration rest = care_->on_answer(ask_.to, server, head, left_alone);
  if (left_alone) connections_.leave(server);
  const bool harmless = head.status == 429 || ask_.repeatable || http1::is_idempotent(ask_.method);
  const bool whole = ask_.pieces == nullptr || !body_begun_;
  if (rest <= duration::zero() || repeated_ >= ask_.repeats || !harmless || !whole || later(place_.now(), rest) >= ask_.deadline) return false;
  if (!care_->spend(ask_.to.origin())) return false;
  ++repeated_;
  return true;
}

// What an idle connection had lost, what the server has not looked at, and what was not waited for says nothing of the server.
void http_call::on_no_answer(const error& why) {
  const bool counts = why.status == THARSIS_E_TIMEOUT ? place_.now() - since_ >= silence_min
                                                      : why.status != THARSIS_E_CANCELLED && why.status != THARSIS_E_INVALID && !(reused_ && !heard_);
  if (care_ == nullptr || !line_ || !counts || unprocessed_) return;
  bool left_alone = false;
  const tharsis_address server = line_->server();
  care_->on_no_answer(server, why.text, left_alone);
  if (left_alone) connections_.leave(server);
}

bool http_call::leads_on(const http1::response_head& head) const {
  if (ask_.redirects == 0 || !is_redirect(head.status) || http1::find(head.fields, "Location") == nullptr) return false;
  // A body that came in pieces is gone: the redirect itself is what can be told.
  const bool keeps_body = head.status == 307 || head.status == 308 || (ask_.method != "POST" && head.status != 303);
  return !(keeps_body && body_goes_ && ask_.pieces != nullptr);
}

std::optional<error> http_call::follow(const http1::response_head& head) {
  const std::string from = ask_.to.origin();
  if (++redirected_ > ask_.redirects)
    return error{THARSIS_E_PROTOCOL, "redirected more than " + std::to_string(ask_.redirects) + " times, at last by " + from};
  auto to = follow_reference(ask_.to, http1::value_of(head.fields, "Location"));
  if (!to) return error{THARSIS_E_PROTOCOL, from + " redirects with " + status_of(head) + " to what is no use: " + to.failure().text};
  if (ask_.to.secure && !to->secure && !ask_.downgrade)
    return error{THARSIS_E_DENIED, from + " redirects with " + status_of(head) + " to " + to->origin() +
                                       ", where nothing is encrypted; allow that if it must be"};
  if (!redirect_request(head.status, ask_.to, *to, ask_.method, ask_.fields)) {
    body_goes_ = false;
    ask_.body.clear();
    ask_.pieces = nullptr;
  }
  ask_.to = std::move(*to);
  return std::nullopt;
}

// What is left of a redirect: a little, and its connection serves again.
task<void> http_call::release_quickly() {
  const instant until = std::min(soon(), later(place_.now(), swallowed_within));
  for (uint64_t total = 0; total <= swallowed_max;) {
    const auto piece = co_await (*line_)->read(until);
    if (!piece) break;
    if (piece->empty()) {
      line_->keep(kept_unless_said);
      break;
    }
    total += piece->size();
  }
  line_.reset();
}

http1::request_head http_call::head_of() const {
  http1::request_head head{ask_.method, ask_.to.target, ask_.fields};
  if (decodes_) http1::set(head.fields, "Accept-Encoding", "gzip, deflate");
  if (http1::find(head.fields, "Accept") == nullptr) head.fields.push_back({"Accept", "*/*"});
  if (ask_.jar && http1::find(head.fields, "Cookie") == nullptr) {
    const std::string cookies = ask_.jar->header(ask_.to, place_.wall() / 1'000'000'000);
    if (!cookies.empty()) head.fields.push_back({"Cookie", cookies});
  }
  return head;
}

task<result<http1::response_head>> http_call::attempt(std::optional<instant> newer_than) {
  enter(phase::queued);
  reused_ = heard_ = unprocessed_ = false;
  dialled_ = never;
  http_connections::wish asked{ask_.to, newer_than, ask_.connect, ask_.deadline};
  auto taken = co_await connections_.take(std::move(asked), &dialled_);
  enter(phase::first_byte);
  if (dialled_ != never) {
    const duration dialling = place_.now() - dialled_;
    times_.queued -= dialling;
    times_.connect += dialling;
  }
  if (!taken) co_return taken.failure();
  line_.emplace(std::move(*taken));
  if (server_rests()) {  // It has said so since this asked for a place.
    line_->keep(kept_unless_said);
    line_.reset();
    turned_back_ = true;
    co_return error{THARSIS_E_BUSY, {}};
  }
  reused_ = line_->reused();
  http_line& line = **line_;
  version_ = line.version();
  auto answered = co_await exchange(line);
  heard_ = line.heard();
  unprocessed_ = !answered && line.unprocessed();
  if (answered) enter(phase::rest);
  co_return answered;
}

// Up to the head of the answer.
task<result<http1::response_head>> http_call::exchange(http_line& line) {
  http1::request_head head = head_of();
  const bool expects = http1::has_word(head.fields, "Expect", "100-continue");
  std::optional<uint64_t> size = ask_.body.size();
  if (ask_.pieces != nullptr) size = ask_.size;
  const std::string_view first = expects || ask_.body.size() > joined_max ? std::string_view() : std::string_view(ask_.body);
  const error begun = line.begin(std::move(head), size, first);
  if (begun.status != THARSIS_OK) co_return begun;
  sent_ = true;
  body_begun_ = body_begun_ || !first.empty();
  if (expects) {
    const auto invited = co_await line.invited(soon());
    if (!invited) co_return invited.failure();
  }
  if (ask_.pieces != nullptr || first.size() < ask_.body.size()) {
    const error sending = co_await send_body(line);
    if (ask_.pieces != nullptr) ask_.pieces->forget();
    if (sending.status != THARSIS_OK) co_return sending;
  }
  co_return co_await line.head(soon());
}

// Until the body is sent, or the server has answered.
task<error> http_call::send_body(http_line& line) {
  constexpr std::span<const uint8_t> nothing;
  std::string_view whole = ask_.body;
  for (;;) {
    const auto wanted = co_await line.write(nothing, soon());
    if (!wanted) co_return wanted.failure();
    if (!*wanted) co_return fine();
    std::span<const uint8_t> piece;
    auto kind = http_body::piece::bytes;
    if (ask_.pieces != nullptr) {
      kind = ask_.pieces->next(piece, line.events());
    } else {
      piece = as_bytes(whole.substr(0, piece_max));
      whole.remove_prefix(piece.size());
      if (piece.empty()) kind = http_body::piece::end;
    }
    if (kind == http_body::piece::end) co_return fine();
    if (kind == http_body::piece::none) {
      if (place_.now() >= ask_.deadline) co_return error{THARSIS_E_TIMEOUT, "the body of the request to " + ask_.to.place() + " was not whole before the deadline"};
      co_await line.events().wait(ask_.deadline);
      continue;
    }
    body_begun_ = true;
    const auto taken = co_await line.write(piece, soon());
    if (!taken) co_return taken.failure();
    if (!*taken) co_return fine();
  }
}

// A server that hung up on an idle connection has carried nothing out. When it did that is not known; so it must
// not matter, or the request cannot have been whole.
bool http_call::may_repeat(const error& e) const {
  if (!reused_ || heard_ || e.status == THARSIS_E_TIMEOUT || e.status == THARSIS_E_INVALID || e.status == THARSIS_E_CANCELLED) return false;
  if (ask_.pieces != nullptr) return !body_begun_;
  if (!ask_.body.empty() && !body_begun_) return true;
  return ask_.repeatable || http1::is_idempotent(ask_.method);
}

// A deadline that is not the call's own was that of silence.
error http_call::explained(error e) const {
  if (e.status == THARSIS_E_TIMEOUT && line_ && place_.now() < ask_.deadline)
    e.text += "; nothing moved for " + std::to_string(milliseconds(ask_.idle)) + " ms";
  return e;
}

error http_call::too_much() const {
  return {THARSIS_E_PROTOCOL, ask_.to.place() + " answered " + ask_.method + " with more than the " + std::to_string(ask_.answer_max) + " bytes that are taken"};
}

// What the body is, and whether it is taken at all.
std::optional<error> http_call::prepare(http1::response_head& head) {
  kept_for_ = kept_for(head.fields, kept_unless_said);
  const bool bodiless = http1::has_no_body(ask_.method, head.status);
  const auto coding = decodes_ && !bodiless ? coding_of(head.fields) : std::nullopt;
  if (coding) {
    inflate_.emplace(*coding, std::min(ask_.inflated_max, ask_.answer_max));
    std::erase_if(head.fields, [](const http1::field& f) { return http1::same_name(f.name, "Content-Encoding") || http1::same_name(f.name, "Content-Length"); });
  } else if (!bodiless && (*line_)->left().value_or(0) > ask_.answer_max) {
    return too_much();
  }
  return std::nullopt;
}

task<result<std::span<const uint8_t>>> http_call::read_raw() {
  if (over_) co_return std::span<const uint8_t>();
  if (!line_) co_return error{THARSIS_E_INVALID, "there is no answer to read"};
  const auto piece = co_await (*line_)->read(soon());
  if (!piece) co_return given_up(explained(piece.failure()));
  if (piece->empty()) {
    over_ = true;
    line_->keep(kept_for_);
    enter(phase::rest);
  }
  co_return *piece;
}

task<result<std::span<const uint8_t>>> http_call::read() {
  if (!inflate_) {
    const auto raw = co_await read_raw();
    if (!raw) co_return raw.failure();
    read_ += raw->size();
    if (read_ > ask_.answer_max) co_return given_up(too_much());
    co_return *raw;
  }
  for (;;) {
    inflated_.resize(piece_max);
    const auto made = inflate_->next(rest_, inflated_);
    if (!made) co_return given_up(unusable(made.failure()));
    if (*made > 0) co_return std::span<const uint8_t>(inflated_).first(*made);
    if (over_) co_return std::span<const uint8_t>();
    const auto raw = co_await read_raw();
    if (!raw) co_return raw.failure();
    rest_ = *raw;
    const error cut = over_ ? inflate_->on_end() : fine();
    if (cut.status != THARSIS_OK) co_return given_up(unusable(cut));
  }
}

task<result<std::string>> http_call::read_all(uint64_t most) {
  std::string all;
  for (;;) {
    const auto piece = co_await read();
    if (!piece) co_return piece.failure();
    if (piece->empty()) co_return all;
    if (piece->size() > most - all.size()) co_return given_up(too_much());
    all += as_text(*piece);
  }
}

error http_call::given_up(error e) {
  line_.reset();
  enter(phase::rest);
  return e;
}

error http_call::unusable(const error& e) const {
  return {e.status, "the answer of " + ask_.to.place() + " to " + ask_.method + " is no use: " + e.text};
}

}  // namespace tharsis::stn
