// link_world with the real gateway at the other end.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "sdk/async/file_reader.h"
#include "sdk/pure/mars_messages.h"
#include "tests/plugins/gateway/stage.h"
#include "tests/plugins/stn/link_world.h"

namespace tharsis::test {

// The p-quantile.
inline duration at(const std::vector<duration>& sorted, double p) { return sorted[static_cast<size_t>(p * static_cast<double>(sorted.size() - 1))]; }

class gated_world : public link_world {
 public:
  // `told`: the server says that it carries each key out once.
  explicit gated_world(uint64_t seed, duration delay = 50ms, duration work = {}, bool told = false)
      : link_world(seed), gate_(server_machine.platform(), THARSIS_STRAND_SHARED, "/state/gateway", served(work, told)) {
    path().delay = delay;
    EXPECT_TRUE(world.run_until([&] { return gate_.host.ready; }, world.now() + 10s)) << gate_.host.failure;
    const auto ca = read_beginning(server_machine.platform()->files, "/state/gateway/ca.pem", 1 << 20);
    authority.certificate_pem = ca ? *ca : "";
    write_ca();
  }
  ~gated_world() {
    gate_.stop();
    EXPECT_TRUE(world.run_until([&] { return gate_.host.stopped; }, world.now() + 10s));
    gate_.end();
    EXPECT_TRUE(world.run_until([&] { return gate_.ended; }, world.now() + 10s));
  }
  size_t filler = 0;  // So much longer is what tasks say than their title.
  sim::path& path() { return world.between(client_machine, server_machine); }

  void ask(const std::string& title, bool keyed = true, uint32_t timeout_ms = 60'000) {
    const auto body = mars::encode(mars::send_message_request{"", "ann", "all", title + std::string(filler, '.'), "0"});
    tharsis_stn_task t{};
    t.body = bytes_of(body);
    t.timeout_ms = timeout_ms;
    if (keyed) t.key = text_bytes(title);
    EXPECT_EQ(start_task(title, t), THARSIS_OK) << last_error;
  }
  // So many tasks, one each gap, all answered; how long each took, the shortest first.
  std::vector<duration> load(int tasks, duration gap, const std::string& prefix = "task ", bool keyed = true) {
    std::vector<duration> took;
    const size_t before = answers;
    for (int i = 0; i < tasks; ++i) ask(prefix + std::to_string(i), keyed), world.run_for(gap);
    EXPECT_TRUE(wait_answers(before + static_cast<size_t>(tasks), 2min)) << reason();
    for (int i = 0; i < tasks; ++i) {
      const outcome& o = outcomes[prefix + std::to_string(i)];
      EXPECT_EQ(o.status, THARSIS_OK) << o.reason;
      EXPECT_EQ(o.answers, 1);
      const auto& t = o.times;
      took.emplace_back(t.queued + t.resolve + t.connect + t.tls + t.prove + t.first_byte + t.rest + t.lost);
    }
    std::sort(took.begin(), took.end());
    return took;
  }
  // What the server has carried out.
  mars::statistics_response statistics() {
    const std::string title = "statistics " + std::to_string(++statistics_);
    tharsis_stn_task t{};
    t.command = mars::command_statistics;
    t.body = {};
    t.timeout_ms = 60'000;
    const size_t before = answers;
    EXPECT_EQ(start_task(title, t), THARSIS_OK) << last_error;
    EXPECT_TRUE(wait_answers(before + 1));
    const auto body = outcomes[title].body;
    const auto decoded = mars::decode<mars::statistics_response>(as_bytes(body));
    EXPECT_TRUE(decoded);
    return decoded ? *decoded : mars::statistics_response{};
  }
  int64_t metric(const std::string& counted) { return host.metrics.counted(counted); }
  bool said(const std::string& part) const {
    return std::any_of(host.lines.begin(), host.lines.end(), [&](const std::string& l) { return l.find(part) != std::string::npos; });
  }

 private:
  static gateway::settings served(duration work, bool told) {
    gateway::settings s;
    s.listen = "tcps://10.0.0.2:443";
    s.udp = "udp://10.0.0.2:2000";
    s.names = {name};
    s.open = true;
    s.work = work;
    s.keep.told = told;
    return s;
  }
  static tharsis_bytes text_bytes(const std::string& t) { return bytes_of(as_bytes(t)); }

  test::running_gateway gate_;
  int statistics_ = 0;
};

}  // namespace tharsis::test
