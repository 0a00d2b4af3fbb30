// Goal: what a host tells arrives whole or not at all, at whatever moment and from whichever thread. Method:
// the state topic of the network says what the runtime has taken.
#include <string>
#include <thread>
#include <vector>

#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

tharsis_runtime_inputs nothing_told() {
  tharsis_runtime_inputs inputs{};
  inputs.size = sizeof inputs;
  return inputs;
}

class Tell : public ::testing::Test {
 protected:
  void create() {
    ASSERT_TRUE(host_.create());
    ASSERT_EQ(tharsis_runtime_subscribe(host_.runtime, THARSIS_NETWORK_TOPIC, THARSIS_CONFLATE, 0, &inbox_, &host_.why), THARSIS_OK);
  }
  void run() {
    create();
    ASSERT_EQ(tharsis_runtime_start(host_.runtime, &host_.why), THARSIS_OK);
  }
  tharsis_status tell(const tharsis_runtime_inputs& inputs) {
    host_.why = no_reason();
    return tharsis_runtime_tell(host_.runtime, &inputs, &host_.why);
  }
  // Waits for a state of the network with this in its JSON.
  bool arrives(const std::string& part) {
    return host_.pump([&] {
      for (tharsis_text next; (next = tharsis_inbox_next_json(inbox_)).size > 0;) last_.assign(next.data, next.size);
      return last_.find(part) != std::string::npos;
    });
  }

  host host_{"  quiet: {}\n"};
  tharsis_inbox* inbox_ = nullptr;
  std::string last_;
};

}  // namespace

TEST_F(Tell, WhatIsToldBeforeTheStartIsThereFromTheStart) {
  create();
  auto inputs = nothing_told();
  inputs.foreground = -1;
  inputs.account = "ann";
  EXPECT_EQ(tell(inputs), THARSIS_OK) << host_.why.text;
  ASSERT_EQ(tharsis_runtime_start(host_.runtime, &host_.why), THARSIS_OK);
  EXPECT_TRUE(arrives(R"("foreground":0,"account":"ann")")) << last_;
}

TEST_F(Tell, ACallThatIsWrongIsToldWhatItNeeds) {
  run();
  const std::string needs = "tell needs a runtime, and inputs with `size` set to sizeof(tharsis_runtime_inputs)";
  auto inputs = nothing_told();
  EXPECT_EQ(tharsis_runtime_tell(nullptr, &inputs, &host_.why), THARSIS_E_INVALID);
  EXPECT_EQ(host_.why.text, needs);
  EXPECT_EQ(tharsis_runtime_tell(host_.runtime, nullptr, &host_.why), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_runtime_tell(host_.runtime, nullptr, nullptr), THARSIS_E_INVALID) << "nobody asks why";
  for (const uint32_t size : {0u, static_cast<uint32_t>(sizeof inputs) - 1}) {
    inputs.size = size;
    EXPECT_EQ(tell(inputs), THARSIS_E_INVALID);
    EXPECT_EQ(host_.why.text, needs);
  }
}

TEST_F(Tell, OfWhatMeansNothingNothingIsTaken) {
  run();
  auto inputs = nothing_told();
  inputs.account = "eve";
  inputs.proxy = "gopher://eve:secret@proxy.test:70";
  EXPECT_EQ(tell(inputs), THARSIS_E_INVALID);
  EXPECT_EQ(std::string(host_.why.text).find("proxy: "), 0u) << host_.why.text;
  EXPECT_EQ(std::string(host_.why.text).find("secret"), std::string::npos) << host_.why.text;
  inputs.proxy = nullptr;
  inputs.type = THARSIS_NETWORK_OTHER + 1;
  EXPECT_EQ(tell(inputs), THARSIS_E_INVALID);
  inputs.type = THARSIS_NETWORK_UNKNOWN;
  inputs.metered = 2;
  EXPECT_EQ(tell(inputs), THARSIS_E_INVALID);
  inputs.metered = 0;
  inputs.account = nullptr;
  inputs.device = "a phone";
  EXPECT_EQ(tell(inputs), THARSIS_OK) << host_.why.text;
  EXPECT_TRUE(arrives(R"("account":"","proxy":"","device":"a phone")")) << last_;
}

TEST_F(Tell, FromSeveralThreadsAtOnceAllOfItArrives) {
  run();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i <= 100; ++i) {
        const std::string text = std::to_string(t) + "-" + std::to_string(i);
        const std::string proxy = "http://proxy.test:" + std::to_string(1 + i);
        auto inputs = nothing_told();
        (t == 0 ? inputs.network : t == 1 ? inputs.account : t == 2 ? inputs.device : inputs.proxy) = (t == 3 ? proxy : text).c_str();
        tharsis_error why = no_reason();
        EXPECT_EQ(tharsis_runtime_tell(host_.runtime, &inputs, &why), THARSIS_OK) << why.text;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(arrives(R"("id":"0-100")")) << last_;
  EXPECT_TRUE(arrives(R"("account":"1-100")")) << last_;
  EXPECT_TRUE(arrives(R"("proxy":"http://proxy.test:101")")) << last_;
  EXPECT_TRUE(arrives(R"("device":"2-100")")) << last_;
}

TEST_F(Tell, DuringTheStopAndAfterItIsHarmless) {
  run();
  std::thread talker([this] {
    for (int i = 0; i < 500; ++i) {
      const std::string device = "device " + std::to_string(i);
      auto inputs = nothing_told();
      inputs.device = device.c_str();
      tharsis_error why = no_reason();
      EXPECT_EQ(tharsis_runtime_tell(host_.runtime, &inputs, &why), THARSIS_OK) << why.text;
    }
  });
  EXPECT_EQ(tharsis_runtime_stop(host_.runtime, 10 * host::second), THARSIS_OK);
  talker.join();
  auto inputs = nothing_told();
  inputs.foreground = 1;
  EXPECT_EQ(tell(inputs), THARSIS_OK) << host_.why.text;
  EXPECT_TRUE(host_.reports(R"("state":"stopped")")) << host_.report();
}
