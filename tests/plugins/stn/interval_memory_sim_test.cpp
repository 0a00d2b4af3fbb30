// What links learn about idle paths, across restarts and networks, with a file that may be anything.
#include <algorithm>

#include "sdk/async/file_reader.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using test::link_world;

namespace {

const std::string file = "/state/intervals";

struct learning_world : link_world {
  explicit learning_world(uint64_t seed) : link_world(seed, "tcp") {
    link().heartbeat = {.interval_min = 10s, .interval_max = 40s, .step = 10s, .pong_timeout = 2s, .grow_after = 2,
                        .shrink_after = 1, .settle = 1, .relearn_after = 24h, .foreground_shortest = false};
    memory = file;
    serve();
  }
  void restart() {
    stop();
    client.on_strand([&] {
      dispatcher.reset();
      events.reset();
      closing.reset();
    });
    start();
  }
  std::string kept() {
    const auto text = read_whole(client.platform.files, file, 4096, "intervals");
    return text ? *text : text.failure().text;
  }
  void write(const std::string& text) {
    tharsis_error why = no_error();
    const tharsis_files& files = *client.platform.files;
    ASSERT_EQ(files.replace(files.self, text_of(file), bytes_of(as_bytes(text)), &why), THARSIS_OK) << why.text;
  }
};

}  // namespace

TEST(IntervalMemorySim, WhatWasLearnedIsThereAfterARestart) {
  learning_world w(1);
  w.start();
  w.world.run_for(10min);
  EXPECT_NE(w.kept().find("main - 40 settled"), std::string::npos) << w.kept();
  w.restart();
  ASSERT_TRUE(w.wait_up());
  const auto before = w.dispatcher->totals().bytes_sent;
  w.world.run_for(10s + 40s + 1s);  // One ping at the shortest interval, the next at what was learned.
  EXPECT_EQ((w.dispatcher->totals().bytes_sent - before) / mars::head_size, 2u);
}

TEST(IntervalMemorySim, EachNetworkHasItsOwn) {
  learning_world w(2);
  w.client.on_strand([&] { w.host.network.move("sim0", "office"); });
  w.start();
  w.world.run_for(10min);
  EXPECT_NE(w.kept().find("main office 40 settled"), std::string::npos) << w.kept();
  w.client.on_strand([&] { w.host.network.move("sim0", "home"); });
  w.world.run_for(1min);
  EXPECT_NE(w.kept().find("main office 40 settled"), std::string::npos) << w.kept();
  EXPECT_NE(w.kept().find("main home 20 searching"), std::string::npos) << w.kept();
}

TEST(IntervalMemorySim, AFileThatMeansNothingIsPutAsideAndToldOf) {
  learning_world w(3);
  w.write("tharsis.stn intervals 1\nmain - soon settled 5\n");
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(10min);
  EXPECT_NE(w.kept().find("main - 40 settled"), std::string::npos) << w.kept();
  const auto aside = read_whole(w.client.platform.files, file + ".damaged", 4096, "intervals");
  ASSERT_TRUE(aside) << aside.failure().text;
  EXPECT_NE(aside->find("soon"), std::string::npos);
  const auto told = std::find_if(w.host.lines.begin(), w.host.lines.end(),
                                 [](const std::string& l) { return l.find("line 2 is no interval") != std::string::npos; });
  ASSERT_NE(told, w.host.lines.end());
  EXPECT_NE(told->find(file + ".damaged"), std::string::npos) << *told;
}

TEST(IntervalMemorySim, WhereNoFolderCanBeItIsSaidOnceAndEverythingWorks) {
  learning_world w(4);
  w.memory = "/state/ca.pem/intervals";  // Below a file.
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(10min);
  EXPECT_TRUE(w.up());
  EXPECT_EQ(std::count_if(w.host.lines.begin(), w.host.lines.end(),
                          [](const std::string& l) { return l.find("cannot be kept for the next start") != std::string::npos; }),
            1);
}
