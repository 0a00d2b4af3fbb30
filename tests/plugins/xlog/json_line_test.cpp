// Goal: other programs can read what cat --json prints, whatever a line holds.
#include "plugins/xlog/core/json_line.h"

#include <gtest/gtest.h>

#include <limits>

#include "sdk/pure/logger.h"
#include "tests/sdk/pure/ring_log.h"

using namespace tharsis;
using namespace tharsis::xlog;
using test::ring_log;

namespace {

// As a reader makes it of the logger's last line.
std::string last_line(ring_log& host) {
  const auto said = host.rings->take();
  const auto& l = said.back();
  const site of{l.of.level, 12, l.of.plugin, l.of.tag, "a/b.cpp", l.of.text, l.of.codes};
  return json_line(record_of(of, 4711, 1'764'065'472'123'456'789, l.arguments), of, l.arguments);
}
std::string fields(ring_log& host) {
  const std::string line = last_line(host);
  return line.substr(line.find("\"fields\":") + 9);
}

}  // namespace

TEST(XlogJsonLine, SaysAllOfALine) {
  ring_log host;
  const logger log(&host.table, "dialer");
  log.error("sent {bytes} to {host}", 12, "a\"b\n\xff");
  EXPECT_EQ(last_line(host),
            R"({"time":"2025-11-25T10:11:12.123456Z","level":"error","thread":4711,"plugin":"plugin","tag":"dialer",)"
            R"("file":"a/b.cpp","line":12,"text":"sent 12 to a\"b\n)" "\xEF\xBF\xBD" R"(",)"
            R"("fields":{"bytes":12,"host":"a\"b\n)" "\xEF\xBF\xBD" "\"}}");
  record finished;
  finished.plugin = "p";
  finished.text = "{}";
  EXPECT_EQ(json_line(finished),
            R"({"time":"1970-01-01T00:00:00.000000Z","level":"info","thread":0,"plugin":"p","tag":"","file":"","line":0,"text":"{}","fields":{}})");
}

TEST(XlogJsonLine, ValuesHaveTheirTypes) {
  ring_log host;
  const logger log(&host.table);
  const uint8_t raw[] = {0xab, 0x01};
  log.info("{b} {c} {i} {u} {l} {m}", true, 'x', -1, 1u, std::numeric_limits<int64_t>::min(), ~uint64_t{0});
  EXPECT_EQ(fields(host), R"({"b":true,"c":"x","i":-1,"u":1,"l":-9223372036854775808,"m":18446744073709551615}})");
  log.info("{d:.1f} {t} {w} {p} {x} {z}", 0.1, std::chrono::milliseconds(-20), std::chrono::system_clock::time_point(std::chrono::seconds(5)),
           static_cast<const int*>(nullptr), raw, tharsis::secret(raw));
  EXPECT_EQ(fields(host), R"({"d":0.1,"t":-20000000,"w":5000000000,"p":"0x0","x":"ab01","z":null}})");
  log.info("{} {} {}", std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), 1e300);
  EXPECT_EQ(fields(host), R"({"0":"inf","1":"nan","2":1e+300}})");
}

TEST(XlogJsonLine, EveryFieldHasANameOfItsOwn) {
  ring_log host;
  const logger log(&host.table);
  log.info("{n} {n_2} {n} {} {3} {}", 1, 2, 3, 4, 5, 6);
  EXPECT_EQ(fields(host), R"({"n":1,"n_2":2,"n_3":3,"3":4,"3_2":5,"5":6}})");
}

TEST(XlogJsonLine, WhatDoesNotFitTogetherIsStillJson) {
  const site of{THARSIS_LOG_INFO, 0, "\xff\x01", "\"", "\\", "{a} {", "is"};
  const std::vector<uint8_t> cut = {7, 0, 0, 0, 9, 0, 0, 0, 'a'};
  const std::string line = json_line(record_of(of, 1, 0, cut), of, cut);
  EXPECT_NE(line.find("\"plugin\":\"\xEF\xBF\xBD\\u0001\",\"tag\":\"\\\"\",\"file\":\"\\\\\""), std::string::npos) << line;
  EXPECT_TRUE(line.ends_with("\"fields\":{\"a\":7}}")) << line;
}
