// A client machine with one short link, and HTTP servers on another: simulated, from one seed.
#pragma once
#include <deque>

#include "plugins/stn/shortlink.h"
#include "tests/plugins/stn/http_world.h"

namespace tharsis::test {

struct task_wish {
  std::string path = "/cgi", body = "body", key{};
  http1::field_list headers{};
  duration within = 15s;
  int32_t priority = 0;
  bool long_poll = false;
  std::string user{};
  uint32_t flags = 0;
  uint64_t order = 0;
  tharsis_stn_encode encode = nullptr;
};

struct task_end {
  int answers = 0;
  tharsis_status status = THARSIS_PENDING;
  uint32_t http_status = 0;
  uint32_t sends = 0;
  uint32_t why = 0;
  std::string body, reason;
  duration took{};
  stn::task_times times{};
};

class short_world : public http_world {
 public:
  explicit short_world(uint64_t seed) : http_world(seed) {
    link.name = "main";
    link.endpoints = {*parse_url("http://web.test/")};
    link.http.plain_allowed = true;
    link.http.tls.ca = "/state/ca.pem";
    link.http.tls.system_store = false;
    link.http.pool.idle = 5s;
  }
  ~short_world() {
    client.on_strand([&] {
      if (shortlink) shortlink->stop();
      closing.reset();
      shortlink.reset();
    });
  }
  void open() {
    client.on_strand([&] {
      codecs.emplace(host.tables());
      shortlink.emplace(*client.place, host.tables(), stn::http_surroundings{names, proxies, sessions, paths, left_alone}, *codecs, link, 1,
                        [this](stn::answer a) { take(std::move(a)); }, [this](const stn::encode_wish& w) { wishes.push_back(w); });
      shortlink->start();
    });
  }
  size_t send(const task_wish& w) {
    const size_t i = ends.size();
    ends.emplace_back();
    client.on_strand([&] {
      auto r = std::make_unique<stn::request>();
      r->id = i + 1;
      r->command = 3;
      r->priority = w.priority;
      r->user = w.user;
      r->retries = 30;
      r->flags = w.flags;
      r->order = w.order;
      r->from.encode = w.encode;
      r->body.assign(w.body.begin(), w.body.end());
      r->key.assign(w.key.begin(), w.key.end());
      r->since = client.place->now();
      r->deadline = later(r->since, w.within);
      r->http.path = w.path;
      r->http.headers = w.headers;
      r->http.long_poll = w.long_poll;
      shortlink->submit(std::move(r));
    });
    return i;
  }
  bool cancel_task(size_t i) {
    bool here = false;
    client.on_strand([&] { here = shortlink->cancel(i + 1); });
    return here;
  }
  bool all_over(duration within = 300s) {
    return world.run_until([&] { return std::all_of(ends.begin(), ends.end(), [](const task_end& e) { return e.answers > 0; }); }, world.now() + within);
  }
  task_end& over(const task_wish& w) {
    const size_t i = send(w);
    EXPECT_TRUE(all_over()) << "no answer";
    return ends[i];
  }

  stn::short_link_settings link;
  stn::proxy_choice proxies;
  tls_sessions sessions;
  std::optional<stn::codec_shelf> codecs;
  std::optional<stn::shortlink> shortlink;
  std::vector<stn::encode_wish> wishes;
  std::optional<task_set> closing;
  std::deque<task_end> ends;
  std::vector<size_t> order;  // In which they were answered.

 private:
  void take(stn::answer a) {
    task_end& e = ends[a.of->id - 1];
    order.push_back(a.of->id - 1);
    ++e.answers;
    e.status = a.status;
    e.http_status = a.of->http.status;
    e.sends = a.of->sends;
    e.why = a.why;
    e.body = as_text(a.body);
    e.reason = a.reason;
    e.took = client.place->now() - a.of->since;
    e.times = a.of->times;
    const stn::task_times& t = a.of->times;
    EXPECT_EQ(t.queued + t.resolve + t.connect + t.tls + t.prove + t.first_byte + t.rest + t.lost, e.took) << "times do not add up";
    EXPECT_GE(std::min({t.queued, t.connect, t.first_byte, t.rest, t.lost}), duration::zero());
    EXPECT_EQ(a.status == THARSIS_OK, a.reason.empty()) << a.reason;
  }
};

}  // namespace tharsis::test
