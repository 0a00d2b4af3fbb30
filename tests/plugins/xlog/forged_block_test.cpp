// Goal: a block whose header does not say what its rows are, or whose rows refer to what no frame told, is named with what
// differs; what it has is still told, and the blocks beside it are as they were.
// Method: the writer's own parts make the block with other facts, texts or sites, so that checksums, seal and chain fit.
#include <gtest/gtest.h>

#include <functional>

#include "plugins/xlog/core/line_thread.h"
#include "plugins/xlog/frame_maker.h"
#include "tests/plugins/xlog/headed_rows.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t today = 1'795'000'000 * second;

struct forgery {
  std::function<void(block&)> alter = [](block&) {};
  bool with_second_site = true;
  uint32_t ring = 3;
};

struct reading {
  list texts, damage;
};

// Three blocks of four lines, of which the middle one is forged; plain, or sealed for `key`.
reading read_forged(const forgery& f, const private_key* key) {
  seeded_random random(1);
  auto made = frame_maker::make({0, today, 1e9}, {1}, 0, {key != nullptr ? &key->open : nullptr, key != nullptr ? size_t{1} : 0}, random);
  const site places[] = {{THARSIS_LOG_INFO, 7, "stn", "link", "link.cpp", "to {}", "s"}, {THARSIS_LOG_ERROR, 8, "dns", "", "dns.cpp", "no {}", "s"}};
  std::string entries, bytes = made->file_header();
  block_writer writer({});
  headed_rows kept;
  for (uint32_t i = 0; i < 2; ++i) {
    if (i == 0 || f.with_second_site) append_site(entries, i + 1, places[i]);
    EXPECT_TRUE(writer.add_site(i + 1, places[i]));
  }
  bytes += *made->sites(entries);
  for (uint32_t b = 0; b < 3; ++b) {
    writer.begin_epoch();
    for (uint32_t i = 0; i < 4; ++i) {
      const std::string text = "host" + std::to_string(4 * b + i);
      const auto size = static_cast<uint32_t>(text.size());
      const std::string argument = std::string(reinterpret_cast<const char*>(&size), 4) + text;
      const uint32_t of = b == 1 && i % 2 == 1 ? 2 : 1;
      EXPECT_EQ(writer.add(kept.add(of, b == 1 ? f.ring : 3, (4 * b + i) * uint64_t{second}, argument)), block_writer::added::yes);
    }
    block finished = writer.finish();
    if (b == 1) f.alter(finished);
    bytes += *made->block(finished, {{0, today, 1e9}, {}, {{3, 100 * b, 100 * (b + 1), 4711}}});
  }
  bytes += *made->end();
  reading r;
  log_reader lines(key);
  lines.on_bytes(bytes);
  lines.on_end();
  while (const auto i = lines.take()) (i->damage.empty() ? r.texts : r.damage).push_back(i->damage.empty() ? i->value.text : i->damage);
  return r;
}

const list first = {"to host0", "to host1", "to host2", "to host3"}, last = {"to host8", "to host9", "to host10", "to host11"},
           middle = {"to host4", "no host5", "to host6", "no host7"};

list around(const list& between) {
  list all = first;
  all.insert(all.end(), between.begin(), between.end());
  all.insert(all.end(), last.begin(), last.end());
  return all;
}

// Plain and sealed alike: `told` are the lines of the forged block that are told, `words` stand in what is said of it.
void expect(const forgery& f, const list& told, const list& words) {
  const auto key = test_key(5);
  for (const private_key* const k : {static_cast<const private_key*>(nullptr), &key}) {
    const reading r = read_forged(f, k);
    EXPECT_EQ(r.texts, around(told));
    ASSERT_EQ(r.damage.size(), words.empty() ? 0u : 1u) << (r.damage.empty() ? "" : r.damage.back());
    for (const std::string& w : words) EXPECT_NE(r.damage[0].find(w), std::string::npos) << r.damage[0];
  }
}

}  // namespace

TEST(XlogForgedBlock, OneThatIsTrueIsNotNamed) { expect({}, middle, {}); }

TEST(XlogForgedBlock, WhatTheHeaderSaysOfItsRowsIsComparedWithThem) {
  expect({[](block& b) { b.facts.tick_min += 1; }}, middle, {"they begin at 2026-11-18T", "(tick 4000000001), and they have", "(tick 4000000000)"});
  expect({[](block& b) { b.facts.tick_max += uint64_t{60} * second; }}, middle, {"they end at", "(tick 67000000000), and they have", "(tick 7000000000)"});
  expect({[](block& b) { b.facts.levels = 1u << THARSIS_LOG_WARNING; }}, middle, {"their levels are warning, and they have info, error"});
  expect({[](block& b) { b.facts.sites ^= 1; }}, middle, {"the bits of their sites"});
  expect({[](block& b) { b.facts.threads = 9; }}, middle, {"their rings are 9, and they have 1"});
  expect({.alter = [](block&) {}, .ring = recorded_threads_from}, middle, {"those which were recorded are none, and they have some"});
  expect({[](block& b) { b.facts.threads = 9, b.facts.levels = 0; }}, middle, {"their levels are none, and they have info, error; it says that their rings are 9"});
}

TEST(XlogForgedBlock, ANumberOfRowsThatTheyAreNotCostsItsBlock) {
  for (const int more : {-3, -1, 1, 3})
    expect({[=](block& b) { b.facts.rows = static_cast<uint32_t>(static_cast<int>(b.facts.rows) + more); }}, {}, {"not as many as its header says"});
}

TEST(XlogForgedBlock, TextsThatNobodyToldAreCounted) {
  expect({[](block& b) { b.texts = {}; }}, {"to <str#1>", "no <str#1>", "to <str#2>", "no <str#2>"},
         {"4 texts of a block's rows have codes that no block told, and nothing of its epoch is lost"});
}

TEST(XlogForgedBlock, SitesThatNobodyToldAreNamed) {
  expect({.with_second_site = false}, {"to host4", "to host6"}, {"2 lines of a block cannot be read: no frame told, or the one that did is lost, what these sites are: 2"});
}
