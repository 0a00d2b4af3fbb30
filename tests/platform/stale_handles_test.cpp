// Handles of every kind that have ended, were never given, or are another strand's: the answer is GONE (or
// INVALID), and never another object. On both platforms.
#include <functional>
#include <random>
#include <vector>

#include "sdk/pure/address.h"
#include "tests/platform/both_platforms.h"

namespace tharsis::test {
namespace {

class StaleHandles : public BothPlatforms {
 protected:
  using call = std::function<tharsis_status(tharsis_handle)>;
  struct named_call {
    const char* name;
    call f;
  };

  static void event(void*, tharsis_handle, uint32_t, tharsis_status) {}

  // Everything that takes a handle, on the strand `s`.
  std::vector<named_call> calls(const tharsis_strand& s) {
    const tharsis_loop& loop = *s.loop;
    const tharsis_net& net = *s.net;
    const tharsis_files& files = *stage_->platform()->files;
    return {
        {"post", [&](tharsis_handle h) { return loop.post(loop.self, h, [](void*, tharsis_handle) {}, nullptr, 0); }},
        {"timer_cancel", [&](tharsis_handle h) { return loop.timer_cancel(loop.self, h); }},
        {"net.read", [&, this](tharsis_handle h) { return net.read(net.self, h, piece_, sizeof piece_, &count_); }},
        {"net.write", [&, this](tharsis_handle h) { return net.write(net.self, h, piece_, sizeof piece_, &count_); }},
        {"net.shutdown", [&](tharsis_handle h) { return net.shutdown(net.self, h); }},
        {"net.close", [&](tharsis_handle h) { return net.close(net.self, h); }},
        {"net.send", [&, this](tharsis_handle h) { return net.send(net.self, h, &to_, piece_, 1); }},
        {"net.receive", [&, this](tharsis_handle h) { return net.receive(net.self, h, piece_, sizeof piece_, &count_, &to_); }},
        {"net.accept", [&, this](tharsis_handle h) { return net.accept(net.self, h, event, nullptr, &taken_, &to_); }},
        {"net.local", [&, this](tharsis_handle h) { return net.local(net.self, h, &to_); }},
        {"net.set", [&](tharsis_handle h) { return net.set(net.self, h, "reset_on_close", 1); }},
        {"net.get", [&, this](tharsis_handle h) { return net.get(net.self, h, "rtt_us", &fact_); }},
        {"files.append", [&](tharsis_handle h) { return files.append(files.self, h, {}, nullptr); }},
        {"files.read", [&, this](tharsis_handle h) { return files.read(files.self, h, 0, piece_, sizeof piece_, &count_, nullptr); }},
        {"files.length", [&, this](tharsis_handle h) { return files.length(files.self, h, &length_, nullptr); }},
        {"files.sync", [&](tharsis_handle h) { return files.sync(files.self, h, nullptr); }},
        {"files.close", [&](tharsis_handle h) { return files.close(files.self, h); }},
    };
  }
  void expect_refused(const tharsis_strand& s, tharsis_handle stale, const char* of) {
    for (const named_call& c : calls(s)) {
      const tharsis_status status = c.f(stale);
      EXPECT_TRUE(status == THARSIS_E_GONE || status == THARSIS_E_INVALID)
          << c.name << " of " << of << " " << stale << ": " << status_name(status);
    }
  }

  uint8_t piece_[16] = {};
  size_t count_ = 0;
  uint64_t length_ = 0;
  int64_t fact_ = 0;
  tharsis_handle taken_ = 0;
  tharsis_address to_{};
};

}  // namespace

TEST_P(StaleHandles, OfAnyKindAreRefusedByEverything) {
  const tharsis_strand& s = stage_->open();
  const tharsis_loop& loop = *s.loop;
  const tharsis_net& net = *s.net;
  const tharsis_files& files = *stage_->platform()->files;
  on(s, [&] {
    tharsis_handle timer = 0, datagram = 0, listener = 0, dial = 0, query = 0, file = 0, lock = 0;
    loop.timer_set(loop.self, INT64_MAX, [](void*, tharsis_handle) {}, nullptr, 0, &timer);
    EXPECT_EQ(loop.timer_cancel(loop.self, timer), THARSIS_OK);
    expect_refused(s, timer, "a timer");

    tharsis_address any = *parse_ip("127.0.0.1");
    EXPECT_EQ(net.datagram(net.self, &any, event, nullptr, &datagram, nullptr), THARSIS_OK);
    EXPECT_EQ(net.close(net.self, datagram), THARSIS_OK);
    expect_refused(s, datagram, "a datagram socket");
    EXPECT_EQ(net.listen(net.self, &any, event, nullptr, &listener, nullptr), THARSIS_OK);
    EXPECT_EQ(net.close(net.self, listener), THARSIS_OK);
    expect_refused(s, listener, "a listener");
    any.port = 1;
    EXPECT_EQ(net.dial(net.self, &any, event, nullptr, &dial, nullptr), THARSIS_OK);
    EXPECT_EQ(net.close(net.self, dial), THARSIS_OK);
    expect_refused(s, dial, "a connection");
    const auto resolved = [](void*, tharsis_handle, tharsis_status, const tharsis_address*, size_t) { ADD_FAILURE() << "it was given up"; };
    EXPECT_EQ(net.resolve(net.self, text_of("localhost"), 4, resolved, nullptr, &query, nullptr), THARSIS_OK);
    EXPECT_EQ(net.close(net.self, query), THARSIS_OK);
    expect_refused(s, query, "a question");

    EXPECT_EQ(files.make_folder(files.self, text_of(folder_), nullptr), THARSIS_OK);
    const std::string path = folder_ + "/file";
    EXPECT_EQ(files.open(files.self, text_of(path), THARSIS_FILES_APPEND, &file, nullptr), THARSIS_OK);
    EXPECT_EQ(files.close(files.self, file), THARSIS_OK);
    expect_refused(s, file, "a file");
    EXPECT_EQ(files.lock(files.self, text_of(path), &lock, nullptr), THARSIS_OK);
    EXPECT_EQ(files.close(files.self, lock), THARSIS_OK);
    expect_refused(s, lock, "a lock");
  });
  settle();
}

TEST_P(StaleHandles, NumbersThatNobodyWasGivenAreRefused) {
  const tharsis_strand& s = stage_->open();
  std::mt19937_64 random(1);
  on(s, [&] {
    for (int i = 0; i < 2000; ++i) {
      // Most near to those that are given: small slots, small generations, a kind's bits.
      const tharsis_handle wild = random() >> random() % 64;
      if (wild == 0 || wild == s.id) continue;  // 0 is the own strand, for post.
      expect_refused(s, wild, "a wild number");
    }
  });
}

TEST_P(StaleHandles, AStrandThatHasEndedTakesNoPosts) {
  const tharsis_strand& s = stage_->open();
  const tharsis_strand& other = stage_->open();
  on(s, [&] { s.close(s.self); });
  on(other, [&] {
    EXPECT_EQ(other.loop->post(other.loop->self, s.id, [](void*, tharsis_handle) { ADD_FAILURE() << "it was closed"; }, nullptr, 0),
              THARSIS_E_GONE);
  });
  settle();
}

THARSIS_ON_BOTH(StaleHandles);

}  // namespace tharsis::test
