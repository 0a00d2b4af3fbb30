// xlog as it is shipped, in a runtime of its own on a simulated machine, with a plugin beside it that
// says what a test wants said.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugins/xlog/core/file_name.h"
#include "sdk/abi/command.h"
#include "sdk/sim/world.h"
#include "tests/e2e/watched_runtime.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/speaker/speaker.h"

namespace tharsis::test {

struct state {
  std::string file, reason;
  tharsis_status status;
  uint64_t lines, lost;
  uint32_t below;
};

// One life of a runtime.
class xlog_stage : public watched_runtime {
 public:
  // `settings` as a profile writes them: "level: debug, ring_size: 64KiB".
  xlog_stage(sim::world& w, sim::machine& m, const std::string& settings) : world_(w), machine_(m) {
    run_profile("tharsis: 1\nplugins:\n  xlog: { " + settings + " }\n  speaker: {}\n");
  }
  xlog_stage(sim::world& w, sim::machine& m) : world_(w), machine_(m) {}

  bool starts() {
    EXPECT_TRUE(world_.run_until([&] { return settled; }, world_.now() + 30s));
    return report("xlog").state == runtime::plugin_state::running;
  }
  void watch() {
    on_speaker([this](const speaker_table& t, void* instance) {
      t.watch(instance, [](void* context, const tharsis_xlog_state* s) {
        static_cast<xlog_stage*>(context)->states.push_back(
            {std::string(view(s->file)), std::string(view(s->reason)), s->status, s->lines, s->lost, s->below});
      }, this);
    });
  }
  void say(const std::string& text, uint32_t level = THARSIS_LOG_INFO) {
    on_speaker([text, level](const speaker_table& t, void* instance) { t.say(instance, level, text_of(text)); });
  }
  void say_password(const std::string& user, const std::string& password) {
    on_speaker([&](const speaker_table& t, void* instance) { t.say_password(instance, text_of(user), text_of(password)); });
  }
  // From now on heard(line) says of each line whether the file gets it.
  void listen(std::function<bool(const tharsis_log_record&)> heard) {
    heard_ = std::move(heard);
    on_speaker([this](const speaker_table& t, void* instance) {
      const auto on_line = [](void* self, const tharsis_log_record* r) { return static_cast<xlog_stage*>(self)->heard_(*r) ? 1 : 0; };
      EXPECT_EQ(t.listen(instance, 1, on_line, this), THARSIS_OK);
    });
  }
  // Whether the answer came within that time.
  bool flush(duration within = 1s) {
    bool& done = *flushes_.emplace_back(std::make_unique<bool>(false));  // The answer may come later than that.
    on_speaker([&done](const speaker_table& t, void* instance) {
      t.flush(instance, [](void* context) { *static_cast<bool*>(context) = true; }, &done);
    });
    return world_.run_until([&] { return done; }, world_.now() + within);
  }
  // Whether all came to rest within the deadline of the lifecycle.
  bool stops() {
    running->stop();
    return world_.run_until([&] { return ended; }, world_.now() + 30s) &&
           report("xlog").state == runtime::plugin_state::stopped;
  }

  // `tharsis xlog WORDS...`; the code with which it ended. For a stage without a profile.
  int command(const std::vector<std::string>& words) {
    runtime::profile_request request = request_of();
    runtime::diagnostics problems;
    runtime::profile plan = runtime::profile_of_plugin("xlog", request, problems);
    run(machine_.platform(), std::move(plan), problems);
    EXPECT_TRUE(world_.run_until([&] { return settled; }, world_.now() + 30s));
    std::vector<const char*> arguments;
    for (size_t i = 1; i < words.size(); ++i) arguments.push_back(words[i].c_str());
    const tharsis_command_call call = {sizeof call, static_cast<uint32_t>(arguments.size()), words[0].c_str(),
                                       arguments.data(), console.table(), text_of("/here")};
    running->with_extension("xlog", THARSIS_COMMAND_ID, [&call](const void* table, void* instance) {
      static_cast<const tharsis_command*>(table)->run(instance, &call);
    });
    EXPECT_TRUE(world_.run_until([&] { return console.code.has_value(); }, world_.now() + 30s));
    EXPECT_TRUE(stops());
    return console.code.value_or(-1);
  }

  runtime::runtime::plugin_report report(const std::string& id) const {
    for (const auto& r : running->report())
      if (r.id == id) return r;
    return {};
  }

  std::vector<state> states;

 private:
  static runtime::profile_request request_of() {
    runtime::profile_request request;
    request.plugin_folders = {THARSIS_PLUGINS, THARSIS_TEST_PLUGINS};
    request.data_folder = "/state";
    return request;
  }
  void run_profile(const std::string& text) {
    runtime::profile_request request = request_of();
    request.file = "test.yaml";
    request.text = text;
    runtime::diagnostics problems;
    runtime::profile plan = runtime::load_profile(request, problems);
    run(machine_.platform(), std::move(plan), problems);
  }
  template <class F>
  void on_speaker(F f) {
    bool done = false;
    running->with_extension("speaker", SPEAKER_ID, [&done, f](const void* table, void* instance) {
      done = true;
      ASSERT_NE(table, nullptr) << "the speaker is not running";
      f(*static_cast<const speaker_table*>(table), instance);
    });
    EXPECT_TRUE(world_.run_until([&] { return done; }, world_.now() + 1s));
  }

  sim::world& world_;
  sim::machine& machine_;
  std::vector<std::unique_ptr<bool>> flushes_;
  std::function<bool(const tharsis_log_record&)> heard_;
};

struct log_content {
  std::vector<std::string> texts;   // In order.
  std::vector<std::string> damage;  // What cannot be read.
};

// What `plugin` said, as a file holds it.
inline log_content content_of(sim::machine& m, const std::string& path, const std::string& plugin = "speaker") {
  log_content found;
  xlog::log_reader lines;
  lines.on_bytes(m.storage()->content(path).value_or(""));
  lines.on_end();
  while (auto i = lines.take()) {
    if (!i->damage.empty()) found.damage.push_back(path + ": " + i->damage);
    else if (i->value.plugin == plugin) found.texts.push_back(std::move(i->value.text));
  }
  return found;
}

// The same where damage is a failure.
inline std::vector<std::string> texts_in(sim::machine& m, const std::string& path, const std::string& plugin = "speaker") {
  log_content found = content_of(m, path, plugin);
  for (const std::string& damage : found.damage) ADD_FAILURE() << damage;
  return std::move(found.texts);
}

// The log files of a folder, in the order of writing.
inline std::vector<std::string> logs_in(sim::machine& m, const std::string& folder) {
  std::vector<xlog::file_name> names;
  for (const std::string& path : m.storage()->paths())
    if (path.starts_with(folder + "/"))
      if (const auto name = xlog::parse_file_name(std::string_view(path).substr(folder.size() + 1))) names.push_back(*name);
  std::sort(names.begin(), names.end());
  std::vector<std::string> paths;
  for (const auto& name : names) paths.push_back(folder + "/" + name_text(name));
  return paths;
}

// What all of them hold.
inline std::vector<std::string> texts_in_folder(sim::machine& m, const std::string& folder, const std::string& plugin = "speaker") {
  std::vector<std::string> all;
  for (const std::string& path : logs_in(m, folder))
    for (std::string& text : texts_in(m, path, plugin)) all.push_back(std::move(text));
  return all;
}

// Lines that the files say are missing: "7 lines are lost before this: the rings were full (6 info of stn, 1 error of ui)".
struct told_lost {
  uint64_t lines = 0;
  uint64_t infos = 0;
};
inline told_lost lines_told_lost(sim::machine& m, const std::string& folder) {
  told_lost all;
  for (const std::string& text : texts_in_folder(m, folder, "xlog")) {
    if (text.find(" lost before this: ") == std::string::npos) continue;
    all.lines += std::stoull(text);
    for (size_t end = text.find(" info of "); end != std::string::npos; end = text.find(" info of ", end + 1)) {
      const size_t begin = text.find_last_of("( ", end - 1) + 1;
      all.infos += std::stoull(text.substr(begin));
    }
  }
  return all;
}

}  // namespace tharsis::test
