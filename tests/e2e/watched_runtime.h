// A runtime as a test holds it: what it said, whether it has settled, whether it has ended.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "runtime/profile.h"
#include "runtime/runtime.h"
#include "tests/e2e/recording_console.h"

namespace tharsis::test {

struct watched_runtime {
  recording_console console;
  std::string logged;  // Warnings while there was no log sink.
  bool settled = false, ended = false;
  std::unique_ptr<runtime::runtime> running;

  // A profile with problems fails the test with all of them.
  void run(const tharsis_platform* on, runtime::profile plan, const runtime::diagnostics& problems) {
    ASSERT_TRUE(problems.empty()) << runtime::render(problems);
    runtime::runtime::options o;
    o.platform = on;
    o.plan = std::move(plan);
    o.console = console.table();
    o.print = [this](uint32_t, std::string_view who, std::string_view text) {
      logged += std::string(who) + ": " + std::string(text) + "\n";
    };
    o.on_settled = [this] { settled = true; };
    o.on_ended = [this] { ended = true; };
    running = std::make_unique<runtime::runtime>(std::move(o));
    const auto failure = running->start();
    ASSERT_FALSE(failure) << failure->text;
  }
};

}  // namespace tharsis::test
