// Levels that a person sets while a log runs: they count over the sink's, whichever sink it is, and end when they are
// taken back.
#include "runtime/log_levels.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sdk/pure/views.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

struct sink {
  sink() {
    table.size = sizeof table;
    table.self = this;
    table.write = [](void* s, const tharsis_log_record* r) {
      of(s).lines.push_back(std::string(view(r->plugin)) + " " + std::string(view(r->text)));
    };
    table.level = [](void*) { return uint32_t{THARSIS_LOG_INFO}; };
    table.level_of = [](void* s, tharsis_text plugin, tharsis_text tag) {
      const auto found = of(s).levels.find(std::string(view(plugin)) + "/" + std::string(view(tag)));
      return found != of(s).levels.end() ? found->second : uint32_t{THARSIS_LOG_INFO};
    };
  }
  static sink& of(void* s) { return *static_cast<sink*>(s); }
  tharsis_log_sink table{};
  std::map<std::string, uint32_t> levels;
  std::vector<std::string> lines;
};

struct LogLevels : testing::Test {
  uint32_t now(const char* plugin, const char* tag = "") { return hub.level_of(plugin, tag).load(); }
  std::string changed(const std::map<std::string, std::string>& words) {
    const auto failure = change_levels(hub, words);
    return failure ? failure->text : "";
  }

  log_hub hub{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }}, {}};
  const std::atomic<uint32_t>& stn = hub.level_of("stn", "");
  const std::atomic<uint32_t>& dialer = hub.level_of("stn", "dialer");
  const std::atomic<uint32_t>& dns = hub.level_of("dns", "");
};
using lines = std::vector<std::string>;

}  // namespace

TEST_F(LogLevels, AnOverrideOfAPluginCountsForItsTagsAndOneOfATagCountsMore) {
  sink s;
  s.levels["stn/dialer"] = THARSIS_LOG_VERBOSE;
  hub.set_sink(&s.table);
  EXPECT_EQ(dialer, static_cast<uint32_t>(THARSIS_LOG_VERBOSE));
  EXPECT_EQ(changed({{"stn", "error"}}), "");
  EXPECT_EQ(stn, static_cast<uint32_t>(THARSIS_LOG_ERROR));
  EXPECT_EQ(dialer, static_cast<uint32_t>(THARSIS_LOG_ERROR));
  EXPECT_EQ(now("stn", "link"), static_cast<uint32_t>(THARSIS_LOG_ERROR)) << "a tag that comes later";
  EXPECT_EQ(dns, static_cast<uint32_t>(THARSIS_LOG_INFO));
  EXPECT_EQ(changed({{"stn/dialer", "debug"}}), "");
  EXPECT_EQ(dialer, static_cast<uint32_t>(THARSIS_LOG_DEBUG));
  EXPECT_EQ(stn, static_cast<uint32_t>(THARSIS_LOG_ERROR));
  EXPECT_EQ(changed({{"stn", "default"}, {"stn/dialer", "default"}}), "");
  EXPECT_EQ(stn, static_cast<uint32_t>(THARSIS_LOG_INFO));
  EXPECT_EQ(dialer, static_cast<uint32_t>(THARSIS_LOG_VERBOSE)) << "what the sink says again";
}

TEST_F(LogLevels, TheyOutliveSinks) {
  sink s;
  hub.set_sink(&s.table);
  EXPECT_EQ(changed({{"stn", "off"}, {"dns", "verbose"}}), "");
  hub.set_sink(nullptr);
  EXPECT_EQ(stn, static_cast<uint32_t>(THARSIS_LOG_OFF));
  hub.write(THARSIS_LOG_FATAL, "stn", "never");
  hub.write(THARSIS_LOG_VERBOSE, "dns", "kept");
  sink next;
  hub.set_sink(&next.table);
  hub.reread_level();
  EXPECT_EQ(stn, static_cast<uint32_t>(THARSIS_LOG_OFF));
  EXPECT_EQ(next.lines, (lines{"dns kept"}));
}

TEST_F(LogLevels, FinishedTextIsKeptByTheLowestLevelOfItsPluginAndNoOther) {
  sink s;
  hub.set_sink(&s.table);
  EXPECT_EQ(changed({{"stn/dialer", "debug"}}), "");
  hub.write(THARSIS_LOG_DEBUG, "stn", "[dialer] one");
  hub.write(THARSIS_LOG_VERBOSE, "stn", "two");
  hub.write(THARSIS_LOG_DEBUG, "dns", "three");
  hub.write(THARSIS_LOG_DEBUG, "never heard of", "four");
  hub.write(THARSIS_LOG_INFO, "never heard of", "five");
  EXPECT_EQ(s.lines, (lines{"stn [dialer] one", "never heard of five"}));
}

TEST_F(LogLevels, WhatWasKeptForASinkIsHandedOnByItsLevels) {
  hub.write(THARSIS_LOG_DEBUG, "stn", "low");
  hub.write(THARSIS_LOG_INFO, "stn", "high");
  sink s;
  hub.set_sink(&s.table);
  EXPECT_EQ(s.lines, (lines{"stn high"}));
}

TEST_F(LogLevels, WhatIsMisspeltChangesNothing) {
  EXPECT_EQ(changed({{"dns", "error"}, {"sntn", "debug"}}), "there is no plugin 'sntn'; did you mean 'stn'?");
  EXPECT_EQ(changed({{"dns", "error"}, {"zzzz", "debug"}}), "there is no plugin 'zzzz'; there are dns and stn");
  EXPECT_EQ(changed({{"dns", "error"}, {"stn", "dbug"}}), "there is no level 'dbug'; did you mean 'debug'?");
  EXPECT_EQ(changed({{"stn", ""}}).find("there is no level ''; there are verbose, debug, info"), 0u) << changed({{"stn", ""}});
  EXPECT_EQ(dns, static_cast<uint32_t>(THARSIS_LOG_DEBUG));
}

TEST_F(LogLevels, TheyAreListedWithTheirOrigin) {
  EXPECT_EQ(changed({{"stn/link", "fatal"}, {"dns", "off"}}), "");
  EXPECT_EQ(levels_json(hub),
            R"([{"plugin":"dns","tag":"","level":"off","origin":"override"},)"
            R"({"plugin":"stn","tag":"","level":"debug","origin":"setting"},)"
            R"({"plugin":"stn","tag":"dialer","level":"debug","origin":"setting"},)"
            R"({"plugin":"stn","tag":"link","level":"fatal","origin":"override"}])");
}

TEST_F(LogLevels, LinesThatComeWhileTheSinkClosesWaitForTheNext) {
  struct closing : sink {
    closing() {
      table.ring = [](void*) -> tharsis_log_ring* { return nullptr; };
      table.site = [](void*, tharsis_text, const tharsis_log_site*) { return uint32_t{0}; };
      table.room = [](void*, tharsis_log_ring*, uint64_t, uint32_t) { return int32_t{0}; };
      table.wake = [](void*) {};
      table.close_rings = [](void* s) { static_cast<closing&>(of(s)).during(); };
    }
    std::function<void()> during;
  };
  closing s;
  s.during = [this] { std::thread([this] { hub.write(THARSIS_LOG_INFO, "stn", "in between"); }).join(); };
  hub.set_sink(&s.table);
  hub.set_sink(nullptr);
  EXPECT_TRUE(s.lines.empty()) << "it takes none any more";
  sink next;
  hub.set_sink(&next.table);
  EXPECT_EQ(next.lines, (lines{"stn in between"}));
}
