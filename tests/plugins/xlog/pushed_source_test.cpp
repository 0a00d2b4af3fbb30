#include "plugins/xlog/core/pushed_source.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/plain_reader.h"

using namespace tharsis;
using namespace tharsis::xlog;

// Who reads tells how far he is, and hears of Ctrl-C, between two steps.
TEST(XlogPushedSource, ComesBackNowAndThenWhereNoLineIsWanted) {
  pushed_bytes window;
  const std::string line = "2026-11-25T10:11:12.123456Z I 4711 stn/dialer link 'main' is up\n";
  std::string all;
  while (all.size() < 3 << 20) all += line;
  window.push(all);
  window.end();
  query nothing;
  nothing.texts = {"there is no such word"};
  pushed_source<plain_reader> lines(window, nothing);
  uint64_t at = 0;
  size_t turns = 0;
  auto step = lines.next();
  for (; step == line_source::step::later; step = lines.next(), ++turns) {
    EXPECT_LE(lines.position() - at, 512u << 10);
    at = lines.position();
  }
  EXPECT_EQ(step, line_source::step::end);
  EXPECT_GE(turns, 10u);
}

TEST(XlogPushedSource, LosesNoLineForThat) {
  pushed_bytes window;
  std::string all;
  size_t wanted = 0;
  for (size_t i = 0; all.size() < 3 << 20; ++i) {
    const bool is_wanted = i % 20'000 == 0;
    all += "2026-11-25T10:11:12.123456Z I 4711 stn/dialer " + std::string(is_wanted ? "this" : "that") + " one\n";
    wanted += is_wanted;
  }
  window.push(all);
  window.end();
  query these;
  these.texts = {"this one"};
  pushed_source<plain_reader> lines(window, these);
  size_t found = 0;
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) found += step == line_source::step::line;
  EXPECT_EQ(found, wanted);
}
