// The host's tables as C++ sees them: what is missing is named, settings that are not there answer the
// fallback.
#include "sdk/async/host.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

using namespace tharsis;

namespace {

// A host whose settings are texts by path; lists and maps are counted by what stands below them.
struct fake_host {
  fake_host() {
    self.size = sizeof self;
    self.self = this;
    self.query = [](void* s, const char* id) -> const void* {
      auto& h = *static_cast<fake_host*>(s);
      if (h.lacks.count(id) != 0) return nullptr;
      if (std::string_view(id) == THARSIS_SETTINGS_ID) return &h.settings;
      if (std::string_view(id) == THARSIS_LOG_ID) return &h.log;
      if (std::string_view(id) == THARSIS_BUS_ID) return &h.bus;
      return &h.settings;  // Never called; only asked for.
    };
    settings.size = sizeof settings;
    settings.self = this;
    settings.get_int = [](void* s, const char* path, int64_t* value) {
      return of(s, path, [&](const std::string& v) { *value = std::stoll(v); });
    };
    settings.get_real = [](void* s, const char* path, double* value) {
      return of(s, path, [&](const std::string& v) { *value = std::stod(v); });
    };
    settings.get_bool = [](void* s, const char* path, int32_t* value) {
      return of(s, path, [&](const std::string& v) { *value = v == "true"; });
    };
    settings.get_text = [](void* s, const char* path, tharsis_text* value) {
      return of(s, path, [&](const std::string& v) { *value = text_of(v); });
    };
    settings.count = [](void* s, const char* path, uint32_t* count) {
      return of(s, path, [&](const std::string& v) { *count = static_cast<uint32_t>(std::stoul(v)); });
    };
    settings.key = [](void* s, const char* path, uint32_t index, tharsis_text* key) {
      return of(s, std::string(path) + "#" + std::to_string(index), [&](const std::string& v) { *key = text_of(v); });
    };
    settings.where = [](void*, const char*, tharsis_text* value) {
      *value = text_of("demo.yaml:12:7");
      return tharsis_status{THARSIS_OK};
    };
    log.size = sizeof log;
    log.self = this;
    log.level = &level;
    log.write = [](void* s, uint32_t l, tharsis_text line) {
      static_cast<fake_host*>(s)->lines.emplace_back(l, std::string(view(line)));
    };
    bus.size = sizeof bus;
    bus.self = this;
    bus.declare = [](void* s, const tharsis_topic*, tharsis_handle* topic, tharsis_error* error) {
      if (static_cast<fake_host*>(s)->refuses) {
        std::snprintf(error->text, sizeof error->text, "somebody else declares it");
        return tharsis_status{THARSIS_E_IN_USE};
      }
      *topic = 5;
      return tharsis_status{THARSIS_OK};
    };
    bus.publish = [](void* s, tharsis_handle topic, const void*) {
      static_cast<fake_host*>(s)->published.push_back(topic);
      return tharsis_status{THARSIS_OK};
    };
  }
  template <class F>
  static tharsis_status of(void* s, const std::string& path, F give) {
    const auto& values = static_cast<fake_host*>(s)->values;
    const auto found = values.find(path);
    if (found == values.end()) return THARSIS_E_NOT_FOUND;
    give(found->second);
    return THARSIS_OK;
  }

  tharsis_host self{};
  tharsis_settings settings{};
  tharsis_log log{};
  tharsis_bus bus{};
  volatile uint32_t level = THARSIS_LOG_INFO;
  std::map<std::string, std::string> values;
  std::set<std::string> lacks;
  std::vector<std::pair<uint32_t, std::string>> lines;
  std::vector<tharsis_handle> published;
  bool refuses = false;
};

}  // namespace

TEST(Host, AMissingTableIsNamedAndAConsoleMayBeMissing) {
  for (const std::string id : {THARSIS_LOOP_ID, THARSIS_NET_ID, THARSIS_FILES_ID, THARSIS_RANDOM_ID, THARSIS_PATHS_ID,
                               THARSIS_BUS_ID, THARSIS_REGISTRY_ID, THARSIS_SETTINGS_ID, THARSIS_LOG_ID, THARSIS_NETWORK_ID}) {
    fake_host given;
    given.lacks = {id};
    EXPECT_EQ(host(&given.self).missing(), id);
  }
  fake_host given;
  given.lacks = {THARSIS_CONSOLE_ID};
  EXPECT_EQ(host(&given.self).missing(), "");
  EXPECT_EQ(host(&given.self).console, nullptr);
}

TEST(Host, SettingsOrTheFallback) {
  fake_host given;
  given.values = {{"wait", "5000000000"}, {"rate", "0.5"}, {"on", "true"}, {"off", "false"}, {"name", "a"}, {"empty", ""},
                  {"list", "2"}, {"list.0", "x"}, {"list.1", "y"}, {"map", "2"}, {"map#0", "im.example.com"}, {"map#1", "b"}};
  const host h(&given.self);
  EXPECT_EQ(h.wait("wait", 1s), 5s);
  EXPECT_EQ(h.wait("no", 1s), 1s);
  EXPECT_EQ(h.whole("no", -3), -3);
  EXPECT_EQ(h.real("rate", 1), 0.5);
  EXPECT_EQ(h.real("no", 0.25), 0.25);
  EXPECT_TRUE(h.flag("on"));
  EXPECT_FALSE(h.flag("off", true));
  EXPECT_TRUE(h.flag("no", true));
  EXPECT_EQ(h.text("name", "b"), "a");
  EXPECT_EQ(h.text("empty", "b"), "") << "an empty text is a value";
  EXPECT_EQ(h.text("no", "b"), "b");
  EXPECT_EQ(h.texts("list"), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(h.texts("no").empty());
  EXPECT_EQ(h.keys("map"), (std::vector<std::string>{"im.example.com", "b"}));
  EXPECT_TRUE(h.keys("no").empty());
  EXPECT_EQ(h.where("name"), "demo.yaml:12:7");
}

TEST(Host, LinesHaveTheirLevelAndTheLevelIsReadEachTime) {
  fake_host given;
  const host h(&given.self);
  EXPECT_TRUE(h.logs(THARSIS_LOG_INFO));
  EXPECT_FALSE(h.logs(THARSIS_LOG_DEBUG));
  given.level = THARSIS_LOG_VERBOSE;
  EXPECT_TRUE(h.logs(THARSIS_LOG_DEBUG));
  h.debug("d"), h.info("i"), h.warning("w"), h.error("e");
  EXPECT_EQ(given.lines, (std::vector<std::pair<uint32_t, std::string>>{
                             {THARSIS_LOG_DEBUG, "d"}, {THARSIS_LOG_INFO, "i"}, {THARSIS_LOG_WARNING, "w"}, {THARSIS_LOG_ERROR, "e"}}));
}

TEST(Host, ATopicThatIsRefusedIsLoggedAndItsEventsAreDropped) {
  fake_host given;
  const host h(&given.self);
  tharsis_topic topic{};
  topic.name = "a.b";
  EXPECT_EQ(h.declare(topic), 5u);
  h.publish(5, nullptr);
  given.refuses = true;
  EXPECT_EQ(h.declare(topic), 0u);
  h.publish(0, nullptr);
  EXPECT_EQ(given.published, (std::vector<tharsis_handle>{5}));
  ASSERT_EQ(given.lines.size(), 1u);
  EXPECT_EQ(given.lines[0].second, "topic 'a.b' cannot be declared: somebody else declares it");
}
