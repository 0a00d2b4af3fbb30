#include "sdk/async/http2_client.h"

#include <utility>

#include "sdk/async/next_turn.h"

namespace tharsis {
namespace {

// So much is read at once.
constexpr size_t read_size = 16 * 1024;
// After so many in a row the others on this thread have their turn.
constexpr int reads_in_a_row = 16;
// More than this is not put on top of what has not left yet: what is chosen late is chosen fairly among exchanges.
constexpr size_t unsent_on_wire = 64 * 1024;

}  // namespace

http2_client::http2_client(strand& place, std::unique_ptr<stream> wire, const url& to, const http2_limits& l)
    : place_(place), wire_(std::move(wire)), peer_(to.place()), session_(to, l), heard_(place.now()), chunk_(read_size), work_(place) {
  work_.spawn(pump());
}

http2_client::~http2_client() {
  changed = nullptr;
  session_.say_goodbye();
  flush();
}

size_t http2_client::room() const {
  const size_t most = doubted_ ? 0 : session_.room();
  return most > promised_ ? most - promised_ : 0;
}

std::unique_ptr<http_line> http2_client::line() {
  ++promised_;
  return std::make_unique<http2_exchange>(shared_from_this());
}

task<void> http2_client::pump() {
  while (!session_.over()) {
    int reads = 0;
    while (reads < reads_in_a_row && fill()) ++reads;
    flush();
    if (session_.over()) break;
    if (reads == reads_in_a_row) co_await next_turn(place_);
    else co_await wire_->events().wait();
  }
  wire_->end();
}

// False: nothing has come, or nothing ever will.
bool http2_client::fill() {
  if (session_.over()) return false;
  size_t count = 0;
  const tharsis_status status = wire_->read(chunk_, count);
  if (status == THARSIS_PENDING) return false;
  heard_ = place_.now();
  if (status == THARSIS_OK && count > 0) return session_.on_bytes(std::span<const uint8_t>(chunk_).first(count)), true;
  std::string why = wire_->failure();
  if (why.empty()) why = status == THARSIS_OK ? "it closed the connection" : std::string(status_name(status));
  session_.on_end({status == THARSIS_OK ? THARSIS_E_RESET : status, std::move(why)});
  return false;
}

// What one exchange has caused may be news for another, whose turn of the windows it was.
void http2_client::flush() {
  while (wire_->unsent() < unsent_on_wire) {
    const std::span<const uint8_t> bytes = session_.take_output(unsent_on_wire);
    if (bytes.empty()) break;
    wire_->write(bytes);  // A connection that is dead by now shows when it is read.
  }
  tell();
  if (session_.over()) wire_->events().raise(stream::nudged);
}

void http2_client::tell() {
  for (const int32_t id : session_.take_news())
    if (const auto at = exchanges_.find(id); at != exchanges_.end()) at->second->events().raise();
  const std::pair now(takes_more(), session_.room());
  if (std::exchange(offered_, now) != now && changed) changed();
}

void http2_client::drop(int32_t id) {
  exchanges_.erase(id);
  session_.drop(id);
  flush();
}

void http2_client::doubt(instant since) { doubted_ = doubted_ || heard_ < since; }

}  // namespace tharsis
