// What a connection is still to hear of streams that are over here: a DONE, or a RESET. The server keeps what came up so far for
// who comes back; of a stream that was withdrawn while no connection knew it, or whose RESET was not said in time, the next one
// therefore hears an OPEN and a RESET. Kept in memory, and not said twice: if the connection goes right behind it, the server
// keeps what it has until it forgets by itself. Pure.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "plugins/stn/core/stream_order.h"
#include "plugins/stn/core/stream_settings.h"

namespace tharsis::stn {

class stream_farewells {
 public:
  // To the connection of now.
  void add(const streams::message& m) { streams::append_message(now_.emplace_back().body, m); }
  void reset(uint32_t number, streams::reset_code code) { add(reset_of(number, code)); }
  // Withdrawn, and the server may have something of it. `number`: on the connection of now; 0: that does not know it.
  void withdraw(const stream_order& o, uint32_t number) {
    stream one{o.name, o.key, o.command};
    if (number == 0) return keep(std::move(one));
    reset(number, streams::reset_code::cancelled);
    now_.back().again = std::move(one);
  }
  // The connection is another one, or none.
  void on_cut() {
    for (farewell& f : std::exchange(now_, {}))
      if (f.again) keep(std::move(*f.again));
    asked_.clear();
  }
  // The server puts off the stream of this number, of which nobody else here knows: if it was withdrawn so, that is said again.
  void on_later(uint32_t number, const stream_settings& s, instant now) {
    const auto found = asked_.find(number);
    if (found == asked_.end()) return;
    stream& again = found->second;
    again.pause = std::clamp(again.pause * 2, s.retry_after, s.retry_after_max);
    again.due = later(now, again.pause);
    keep(std::move(again));
    asked_.erase(found);
  }

  // This one is to be opened, and what the server has of it is to go before.
  bool comes_before(const stream_order& o) const {
    return std::any_of(kept_.begin(), kept_.end(), [&](const stream& s) { return s.is(o); });
  }
  // This one has been opened, and goes on there: what was put off is not to end it.
  void on_opened(const stream_order& o) {
    std::erase_if(kept_, [&](const stream& s) { return s.is(o); });
  }
  // The bodies to be said, in turn. `last_number`: of the streams of this connection. `may_open`: it takes an OPEN.
  // `asked_anew`: whether a stream of this name and key has been asked for on it meanwhile.
  std::vector<std::vector<uint8_t>> take(uint32_t& last_number, bool may_open, const std::function<bool(const std::string&, const std::vector<uint8_t>&)>& asked_anew, instant now) {
    std::vector<std::vector<uint8_t>> bodies;
    for (farewell& f : std::exchange(now_, {})) bodies.push_back(std::move(f.body));
    if (!may_open) return bodies;
    for (stream& s : std::exchange(kept_, {})) {
      if (s.due > now) {
        kept_.push_back(std::move(s));
      } else if (!asked_anew(s.name, s.key)) {
        streams::append_message(bodies.emplace_back(), open_of(s, ++last_number));
        streams::append_message(bodies.emplace_back(), reset_of(last_number, streams::reset_code::cancelled));
        if (asked_.size() == kept_max) asked_.erase(asked_.begin());
        asked_.emplace(last_number, std::move(s));
      }
    }
    return bodies;
  }
  // Of what is put off.
  instant deadline(instant now) const {
    instant first = never;
    for (const stream& s : kept_)
      if (s.due > now) first = std::min(first, s.due);
    return first;
  }

 private:
  struct stream {
    std::string name;
    std::vector<uint8_t> key;
    uint32_t command = 0;
    instant due{};  // Not said before.
    duration pause{};
    bool is(const stream_order& o) const { return name == o.name && key == o.key; }
  };
  struct farewell {
    std::vector<uint8_t> body;
    std::optional<stream> again;  // Said on the next connection, if it is not on this.
  };
  // Who withdraws more of them while there is no connection leaves the oldest to the server.
  static constexpr size_t kept_max = 64;

  void keep(stream s) {
    if (kept_.size() == kept_max) kept_.erase(kept_.begin());
    kept_.push_back(std::move(s));
  }
  static streams::message open_of(const stream& s, uint32_t number) {
    streams::message m;
    m.is = streams::message::kind::open;
    m.stream = number;
    m.command = s.command;
    m.key = s.key;
    m.name = s.name;
    return m;
  }
  static streams::message reset_of(uint32_t number, streams::reset_code code) {
    streams::message m;
    m.is = streams::message::kind::reset;
    m.stream = number;
    m.code = code;
    return m;
  }

  std::vector<farewell> now_;
  std::vector<stream> kept_;          // For a connection.
  std::map<uint32_t, stream> asked_;  // Said on the connection of now, by number.
};

}  // namespace tharsis::stn
