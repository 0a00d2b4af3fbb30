// Goal: files that were written once are read for ever as they were then, byte for byte.
// Method: files of each version of the format are kept beside this, with what they say as text and as JSON. Made once by
// THARSIS_WRITE_OLD_FILES=1 with the writer of their time; a new version gets files of its own, and these stay.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "plugins/xlog/core/line_output.h"
#include "plugins/xlog/core/log_lines.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/written_log.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

const std::string folder = "tests/plugins/xlog/files/";

std::string content(const std::string& name) {
  std::ifstream in(folder + name, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}
void keep(const std::string& name, const std::string& bytes) { std::ofstream(folder + name, std::ios::binary) << bytes; }

std::string said(const std::string& bytes, line_output& form, const private_key* key) {
  pushed_bytes window;
  window.push(bytes);
  window.end();
  const query all;
  log_lines lines(window, key, all);
  byte_sink out;
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) {
    if (step == line_source::step::line) form.add(out, lines.line());
    if (step == line_source::step::damage) append(out, lines.told().text() + "\n");
  }
  return std::string(as_text(out.bytes()));
}

// Every kind of argument, texts that come again and that do not, several threads, epochs, a note.
std::string make_lines(std::span<const public_key> recipients) {
  written_log log(recipients);
  log.add_sites({{0, 1, "app", "numbers", "a.cpp", "{flag} {letter} {i} {u} {l} {m} at {p}", "bciulmp"},
                 {1, 2, "app", "reals", "b.cpp", "{x} and {y:.2f}", "dd"},
                 {2, 3, "app", "", "c.cpp", "{took} until {when}", "tw"},
                 {3, 4, "net", "link", "d.cpp", "{host} said {bytes}, password {password}", "sxz"},
                 {4, 5, "net", "", "", "{}", "s"},
                 {5, 6, "", "-", "e.cpp", "{{nothing}}", ""}});
  const double reals[] = {0, -0.0, 1.5, 123.456, 1e300, -1e-7, 0.1};
  for (int64_t i = 0; i < 600; ++i) {
    const int64_t wall = i * 20'000'000 + i % 3;
    const auto n = static_cast<uint64_t>(i * i * 977);
    switch (i % 6) {
      case 0:
        log.add_line(1, wall, number_argument(uint8_t(i % 4 == 0)) + number_argument('x') + number_argument(int32_t(-i)) + number_argument(uint32_t(i)) +
                                  number_argument(-i * 1'000'000'007) + number_argument(n * n) + number_argument(n), i % 2 == 0 ? 1 : 2);
        break;
      case 1: log.add_line(2, wall, number_argument(reals[i % 7]) + number_argument(double(i) / 8)); break;
      case 2: log.add_line(3, wall, number_argument(i * 1'234'567) + number_argument(written_log::begins + wall)); break;
      case 3: log.add_line(4, wall, number_argument(uint32_t{5}) + number_argument(uint32_t{3}) + "host" + std::to_string(i % 9) + "\x01\xff" + "a"); break;
      case 4: log.add_line(5, wall, text_argument_of("only once: " + std::to_string(n) + "\n\xC3\xA9\\")); break;
      default: log.add_line(6, wall, ""); break;
    }
    if (i % 100 == 99) log.end_block();
    if (i % 300 == 299) log.begin_epoch();
  }
  log.add_note(60 * written_log::second, "7 lines are lost");
  log.end();
  return log.bytes;
}

std::string make_recovered() {
  heap_rings dead;
  const uint32_t one = dead.site_of("one"), two = dead.site_of("two");
  constexpr auto begins = static_cast<uint64_t>(written_log::begins);
  EXPECT_TRUE(dead.write(one, begins, text_argument("its last words")));
  EXPECT_TRUE(dead.write(two, begins + 1'000'000, text_argument("and the very last")));
  const auto payloads = recovered_payloads(*dead.image());
  seeded_random random(1);
  auto frames = frame_maker::make({0, 0, 1e9}, {1}, 0, {}, random);
  std::string bytes = frames->file_header();
  bytes += *frames->recovered(payloads[0].bytes, {{0, 0, 1e9}, {}, {}});
  bytes += *frames->end();
  return bytes;
}

}  // namespace

TEST(XlogOldFiles, SayWhatTheySaidThen) {
  const auto key = test_key(5);
  if (std::getenv("THARSIS_WRITE_OLD_FILES") != nullptr) {
    keep("v1_plain.tlog", make_lines({}));
    keep("v1_sealed.tlog", make_lines({&key.open, 1}));
    keep("v1_recovered.tlog", make_recovered());
    keep("v1.key", private_key_text(key));
    for (const std::string name : {"v1_plain", "v1_sealed", "v1_recovered"}) {
      keep(name + ".txt", said(content(name + ".tlog"), *text_output(), &key));
      keep(name + ".jsonl", said(content(name + ".tlog"), *json_output(), &key));
    }
  }
  const auto kept_key = parse_private_key(content("v1.key"), "v1.key");
  ASSERT_TRUE(kept_key) << "run from the top of the repository";
  for (const std::string name : {"v1_plain", "v1_sealed", "v1_recovered"}) {
    const std::string bytes = content(name + ".tlog");
    ASSERT_FALSE(bytes.empty()) << name;
    EXPECT_EQ(said(bytes, *text_output(), &*kept_key), content(name + ".txt")) << name;
    EXPECT_EQ(said(bytes, *json_output(), &*kept_key), content(name + ".jsonl")) << name;
  }
}
