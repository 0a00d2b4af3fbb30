// A real platform for tests, and the way onto its strands and back.
#pragma once
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "runtime/real_platform.h"
#include "sdk/pure/address.h"
#include "sdk/pure/error.h"

namespace tharsis::test {

// Told once, from any thread; the test waits for it.
class told {
 public:
  void tell() { promise_.set_value(); }
  // Longer than any machine needs; only a failing test waits so long.
  bool wait(duration limit = 30s) { return future_.wait_for(limit) == std::future_status::ready; }

 private:
  std::promise<void> promise_;
  std::future<void> future_ = promise_.get_future();
};

class real_stage {
 public:
  explicit real_stage(runtime::real_platform::options o = {}) : platform(o) {}

  const tharsis_strand& open(uint32_t kind = THARSIS_STRAND_SHARED, const char* name = "test") {
    const tharsis_strand* strand = nullptr;
    tharsis_error error = no_error();
    EXPECT_EQ(platform.table()->strand_open(platform.table()->self, name, kind, &strand, &error), THARSIS_OK)
        << error.text;
    return *strand;
  }

  // Runs f on the strand, later.
  static tharsis_status send(const tharsis_strand& strand, std::function<void()> f) {
    auto* owned = new std::function<void()>(std::move(f));
    const auto wake = [](void* context, tharsis_handle) {
      const std::unique_ptr<std::function<void()>> mine(static_cast<std::function<void()>*>(context));
      (*mine)();
    };
    const tharsis_status status = strand.loop->post(strand.loop->self, strand.id, wake, owned, 0);
    if (status != THARSIS_OK) delete owned;
    return status;
  }

  // Runs f on the strand, which is not of kind main, and waits for its end.
  static void on(const tharsis_strand& strand, const std::function<void()>& f) {
    told done;
    ASSERT_EQ(send(strand,
                   [&] {
                     f();
                     done.tell();
                   }),
              THARSIS_OK);
    ASSERT_TRUE(done.wait());
  }

  // One by one, on the strand, until `condition` is true.
  static void until(const tharsis_strand& strand, const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + 30s;
    for (bool met = false; !met;) {
      on(strand, [&] { met = condition(); });
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "what the test waits for did not come";
    }
  }

  static void close(const tharsis_strand& strand) {
    on(strand, [&] { strand.close(strand.self); });
  }

  static tharsis_strand_audit audit(const tharsis_strand& strand) {
    tharsis_strand_audit a{};
    a.size = sizeof a;
    on(strand, [&] { strand.audit(strand.self, &a); });
    return a;
  }

  runtime::real_platform platform;
};

inline tharsis_address address_of(const char* ip, uint16_t port = 0) {
  tharsis_address a = *parse_ip(ip);
  a.port = port;
  return a;
}

}  // namespace tharsis::test
