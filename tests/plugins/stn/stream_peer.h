// The other end of streams, as simple as it can be: keeps what comes up by its key, and sends down what it is given. Pure.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sdk/pure/stream_receiver.h"
#include "sdk/pure/stream_sender.h"
#include "sdk/pure/views.h"

namespace tharsis::test {

class stream_peer {
 public:
  struct kept {
    std::string bytes;  // That its application has.
    bool whole = false;
    int finished = 0;
  };
  std::map<std::string, kept> up;            // By key.
  std::map<std::string, std::string> shelf;  // By name: what comes down.
  // Its application takes so many bytes in one turn.
  size_t appetite = SIZE_MAX;
  size_t streams_max = SIZE_MAX;
  bool lies = false;  // About sums.
  std::vector<std::string> complaints;
  uint64_t memory_max = 0, opened = 0;

  void on_cut() {
    open_.clear();
    output_.clear();  // What it had to say is lost with the connection.
  }

  void on_message(std::span<const uint8_t> body) {
    const auto m = streams::read_message(body);
    if (!m) return complain(m.failure());
    if (m->is == streams::message::kind::open) return on_open(*m);
    const auto found = open_.find(m->stream);
    if (found == open_.end()) return;
    half& h = *found->second;
    error why = fine();
    switch (m->is) {
      case streams::message::kind::data: why = h.up->on_data(m->offset, m->bytes); break;
      case streams::message::kind::end: why = h.up->on_end(m->size, m->sum); break;
      case streams::message::kind::credit: why = h.down->on_credit(*m, instant{}); break;
      case streams::message::kind::done: why = h.down->on_done(m->size); break;
      case streams::message::kind::reset:
        if (m->code == streams::reset_code::cancelled) up.erase(h.key);
        open_.erase(found);
        return;
      default: break;
    }
    if (why.status != THARSIS_OK) complain(why);
  }

  // Its applications' turn; then what is to be said, each at most `room` bytes.
  std::vector<std::vector<uint8_t>> take_output(size_t room = SIZE_MAX) {
    for (auto& [number, h] : open_) serve(number, *h);
    std::erase_if(open_, [](const auto& o) { return (!o.second->up || o.second->told) && (!o.second->down || o.second->down->finished()); });
    size_t said = 0;
    for (auto& [number, h] : open_)
      while (h->down && said < room) {
        auto m = h->down->take(streams::data_max, instant{});
        if (!m) break;
        if (lies && m->is == streams::message::kind::end) m->sum[0] ^= 1;
        said += m->bytes.size();
        say(number, *m);
      }
    return std::exchange(output_, {});
  }

 private:
  struct half {
    std::string key;
    std::optional<streams::stream_receiver> up;
    std::optional<streams::stream_sender> down;
    std::string content;
    bool told = false;
  };
  void complain(const error& why) { complaints.push_back(why.text); }
  void say(uint32_t number, streams::message m) {
    m.stream = number;
    streams::append_message(output_.emplace_back(), m);
  }
  void on_open(const streams::message& m) {
    ++opened;
    if (open_.size() >= streams_max) {
      streams::message no;
      no.is = streams::message::kind::reset;
      no.code = streams::reset_code::later;
      no.text = "too many";
      return say(m.stream, no);
    }
    auto h = std::make_unique<half>();
    h->key = as_text(m.key);
    streams::message yes;
    yes.is = streams::message::kind::opened;
    yes.size = 0;
    if (streams::goes_up(m.direction)) {
      const std::string& here = up[h->key].bytes;
      sha256_sum so_far;
      so_far.add(here.data(), here.size());
      h->up.emplace(streams::receiver_settings{}, pool_);
      h->up->begin(here.size(), so_far);
      h->up->expect(m.size == streams::size_unknown ? std::nullopt : std::optional(m.size));
      yes.has = here.size();
      yes.sum = h->up->sum_of_received();
      yes.limit = h->up->limit();
    }
    if (streams::comes_down(m.direction)) {
      h->content = shelf[std::string(m.name)];
      sha256_sum theirs;
      theirs.add(h->content.data(), std::min<size_t>(h->content.size(), m.has));
      const bool same = m.has <= h->content.size() && theirs.digest() == m.sum;
      yes.from = same ? m.has : 0;
      yes.size = h->content.size();
      h->down.emplace(streams::sender_settings{}, pool_, h->content.size());
      const error why = h->down->on_opened(yes.from, same ? m.sum : sha256_sum().digest(), m.limit - (m.has - yes.from));
      if (why.status != THARSIS_OK) complain(why);
    }
    open_[m.stream] = std::move(h);
    say(m.stream, yes);
  }
  void serve(uint32_t number, half& h) {
    if (h.up) {
      memory_max = std::max<uint64_t>(memory_max, h.up->waiting());
      const auto bytes = h.up->take(appetite);
      up[h.key].bytes += as_text(bytes);
      h.up->on_confirmed(bytes.size());
      if (const auto credit = h.up->take_credit()) say(number, *credit);
      if (h.up->complete() && !std::exchange(h.told, true)) {
        up[h.key].whole = h.up->is_whole();
        ++up[h.key].finished;
        streams::message done;
        done.is = streams::message::kind::done;
        done.size = h.up->confirmed();
        say(number, done);
      }
    }
    while (h.down && !h.down->written_all()) {
      const size_t room = h.down->room();
      if (room == 0 && !h.content.empty()) break;
      const uint64_t at = h.down->position();
      const auto bytes = as_bytes(std::string_view(h.content).substr(at, room));
      const error why = h.down->write(bytes, at + bytes.size() == h.content.size());
      if (why.status != THARSIS_OK) return complain(why);
    }
  }

  streams::stream_pool pool_{64 << 20};
  std::map<uint32_t, std::unique_ptr<half>> open_;
  std::vector<std::vector<uint8_t>> output_;
};

}  // namespace tharsis::test
