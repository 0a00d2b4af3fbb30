// Goal: whoever reads through tharsis.log_reader/1 gets the lines that it asks for as values, in the order of their times over
// all files whatever their form is, and is told what it does not get. Method: files on a simulated disk.
#include "plugins/xlog/reader_service.h"

#include <gtest/gtest.h>

#include "sdk/pure/views.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/mars_files.h"
#include "tests/plugins/xlog/written_log.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t second = written_log::second;

struct answer {
  tharsis_status status = THARSIS_OK;  // Of the call that ended it.
  std::string why;
  list texts, paths;
  std::vector<tharsis_log_damage> damage;
  list reasons;  // Of the damage.
};

struct disk_of_logs {
  void put(const std::string& path, const std::string& content) {
    tharsis_handle file = 0;
    if (const size_t slash = path.rfind('/'); slash > 0) files->make_folder(files->self, text_of(path.substr(0, slash)), nullptr);
    EXPECT_EQ(files->open(files->self, text_of(path), THARSIS_FILES_APPEND, &file, nullptr), THARSIS_OK);
    EXPECT_EQ(files->append(files->self, file, bytes_of(as_bytes(content)), nullptr), THARSIS_OK);
    files->close(files->self, file);
  }
  // A query for these paths, which stay here.
  tharsis_log_query query_of(const list& paths) {
    named = paths;
    views.clear();
    for (const std::string& path : named) views.push_back(text_of(path));
    tharsis_log_query q{};
    q.size = sizeof q;
    q.paths = {views.data(), views.size()};
    return q;
  }
  // Until there is no more, or a failure.
  void read_on(tharsis_handle reading, answer& a) {
    tharsis_error why = no_error();
    const tharsis_log_item* item = nullptr;
    while ((a.status = service.next(reading, &item, &why)) == THARSIS_OK && item != nullptr) {
      a.paths.emplace_back(view(item->path));
      if (item->line != nullptr) a.texts.emplace_back(view(item->line->text));
      else a.damage.push_back(*item->damage), a.reasons.emplace_back(view(item->damage->why));
    }
    if (a.status < 0) a.why = why.text;
  }
  answer ask(const tharsis_log_query& q) {
    answer a;
    tharsis_error why = no_error();
    tharsis_handle reading = 0;
    a.status = service.open(&q, 0, &reading, &why);
    a.why = why.text;
    if (a.status != THARSIS_OK) return a;
    read_on(reading, a);
    service.close(reading);
    return a;
  }

  std::shared_ptr<sim::disk> storage = std::make_shared<sim::disk>();
  sim::files on{storage};
  const tharsis_files* const files = on.table();
  reader_service service{files, {"/own"}, 1000};
  list named;
  std::vector<tharsis_text> views;
};

// Lines at each second from `from` on, `step` apart, of two sites.
std::string some_log(int64_t from, int64_t step, std::span<const public_key> recipients = {}) {
  written_log log(recipients);
  log.add_sites({{THARSIS_LOG_INFO, 1, "stn", "link", "a.cpp", "sent {bytes} to {host} in {}", "usd"}, {THARSIS_LOG_ERROR, 2, "dns", "", "b.cpp", "no {name} {token}", "sz"}});
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t at = from + i * step;
    if (i % 2 == 0) log.add_line(1, at * second, number_argument(static_cast<uint32_t>(at)) + number_argument(uint32_t{4}) + number_argument(0.5) + "host");
    else log.add_line(2, at * second, text_argument_of("n" + std::to_string(at)));
    log.end_block();
  }
  log.end();
  return log.bytes;
}

}  // namespace

TEST(XlogReaderService, LinesOfManyFilesComeInOneOrder) {
  disk_of_logs d;
  d.put("/logs/xlog_20261118.tlog", some_log(0, 2));
  d.put("/logs/xlog_20261118_1.tlog", some_log(1, 2));
  const answer a = d.ask(d.query_of({"/logs"}));
  EXPECT_EQ(a.status, THARSIS_OK) << a.why;
  EXPECT_EQ(a.texts, (list{"sent 0 to host in 0.5", "sent 1 to host in 0.5", "no n2 (secret)", "no n3 (secret)", "sent 4 to host in 0.5", "sent 5 to host in 0.5",
                           "no n6 (secret)", "no n7 (secret)"}));
  EXPECT_EQ(a.paths.front(), "/logs/xlog_20261118.tlog");
  EXPECT_EQ(a.paths[1], "/logs/xlog_20261118_1.tlog");
}

TEST(XlogReaderService, WithoutPathsItsOwnFoldersAreRead) {
  disk_of_logs d;
  d.put("/own/xlog_20261118.tlog", some_log(0, 1));
  EXPECT_EQ(d.ask(d.query_of({})).texts.size(), 4u);
}

TEST(XlogReaderService, ALineIsValues) {
  disk_of_logs d;
  d.put("/a.tlog", some_log(7, 1));
  const tharsis_log_query q = d.query_of({"/a.tlog"});
  tharsis_handle reading = 0;
  const tharsis_log_item* item = nullptr;
  ASSERT_EQ(d.service.open(&q, 0, &reading, nullptr), THARSIS_OK);
  ASSERT_EQ(d.service.next(reading, &item, nullptr), THARSIS_OK);
  const tharsis_log_record& r = *item->line;
  EXPECT_EQ(r.wall, written_log::begins + 7 * second);
  EXPECT_EQ(r.level, static_cast<uint32_t>(THARSIS_LOG_INFO));
  EXPECT_EQ(r.thread, 4711u);
  EXPECT_EQ(view(r.plugin), "stn");
  EXPECT_EQ(view(r.tag), "link");
  EXPECT_EQ(view(r.file), "a.cpp");
  EXPECT_EQ(r.line, 1u);
  ASSERT_EQ(item->fields_count, 3u);
  EXPECT_EQ(view(item->fields[0].name), "bytes");
  EXPECT_EQ(item->fields[0].code, static_cast<uint32_t>(THARSIS_LOG_U32));
  EXPECT_EQ(item->fields[0].bits, 7u);
  EXPECT_EQ(view(item->fields[1].name), "host");
  EXPECT_EQ(view(item->fields[1].text), "host");
  EXPECT_EQ(view(item->fields[2].name), "2");
  EXPECT_EQ(item->fields[2].real, 0.5);
  ASSERT_EQ(d.service.next(reading, &item, nullptr), THARSIS_OK);
  ASSERT_EQ(item->fields_count, 2u);
  EXPECT_EQ(view(item->fields[1].name), "token");
  EXPECT_EQ(item->fields[1].code, static_cast<uint32_t>(THARSIS_LOG_SECRET));
  EXPECT_EQ(item->fields[1].bits, 0u);
  d.service.close(reading);
}

TEST(XlogReaderService, AQueryLeavesOutTheRest) {
  disk_of_logs d;
  d.put("/a.tlog", some_log(1, 1));
  const auto texts = [&](auto change) {
    tharsis_log_query q = d.query_of({"/a.tlog"});
    change(q);
    return d.ask(q).texts;
  };
  const list sent{"sent 1 to host in 0.5", "sent 3 to host in 0.5"}, no{"no n2 (secret)", "no n4 (secret)"};
  const tharsis_text stn = text_of("stn"), link = text_of("link"), upper = text_of("HOST"), where = text_of("bytes > 1");
  const uint64_t nobody = 1;
  EXPECT_EQ(texts([](auto& q) { q.levels = 1u << THARSIS_LOG_INFO; }), sent);
  EXPECT_EQ(texts([](auto& q) { q.levels = 1u << THARSIS_LOG_ERROR | 1u << THARSIS_LOG_FATAL; }), no);
  EXPECT_EQ(texts([](auto& q) { q.levels = 1u << THARSIS_LOG_WARNING; }), list{});
  EXPECT_EQ(texts([&](auto& q) { q.plugins = {&stn, 1}; }), sent);
  EXPECT_EQ(texts([&](auto& q) { q.tags = {&link, 1}; }), sent);
  EXPECT_EQ(texts([&](auto& q) { q.threads = &nobody, q.threads_count = 1; }), list{});
  EXPECT_EQ(texts([&](auto& q) { q.texts = {&upper, 1}; }), list{});
  EXPECT_EQ(texts([&](auto& q) { q.texts = {&upper, 1}, q.flags = THARSIS_LOG_ANY_CASE; }), sent);
  EXPECT_EQ(texts([&](auto& q) { q.where = {&where, 1}; }), list{sent[1]});
  EXPECT_EQ(texts([&](auto& q) { q.since = written_log::begins + 4 * second; }), list{no[1]});
  EXPECT_EQ(texts([&](auto& q) { q.until = written_log::begins + 2 * second; }), list{sent[0]});
  tharsis_log_query older = d.query_of({"/a.tlog"});
  older.levels = 1u << THARSIS_LOG_ERROR;
  older.size = offsetof(tharsis_log_query, levels);
  EXPECT_EQ(d.ask(older).texts.size(), 4u) << "what an older caller's query does not have was read";
}

TEST(XlogReaderService, QueriesThatMakeNoSenseAreRefused) {
  disk_of_logs d;
  d.put("/logs/notes.txt", "nothing of ours");
  tharsis_log_query q = d.query_of({"a.tlog"});
  EXPECT_EQ(d.ask(q).status, THARSIS_E_INVALID);
  q = d.query_of({"/nobody/is/here"});
  EXPECT_EQ(d.ask(q).status, THARSIS_E_NOT_FOUND);
  EXPECT_NE(d.ask(q).why.find("/nobody/is/here"), std::string::npos);
  q = d.query_of({"/logs"});
  EXPECT_EQ(d.ask(q).status, THARSIS_E_NOT_FOUND);
  const tharsis_text nothing = text_of("bytes");
  q.where = {&nothing, 1};
  EXPECT_EQ(d.ask(q).status, THARSIS_E_INVALID);
  q = d.query_of({"/logs"});
  q.key = text_of("my.key");
  EXPECT_EQ(d.ask(q).status, THARSIS_E_INVALID);
  EXPECT_EQ(d.service.open(nullptr, 0, nullptr, nullptr), THARSIS_E_INVALID);
}

TEST(XlogReaderService, AHandleOfNothingIsGone) {
  disk_of_logs d;
  d.put("/a.tlog", some_log(1, 1));
  const tharsis_log_query q = d.query_of({"/a.tlog"});
  tharsis_handle reading = 0;
  const tharsis_log_item* item = nullptr;
  EXPECT_EQ(d.service.next(0, &item, nullptr), THARSIS_E_GONE);
  ASSERT_EQ(d.service.open(&q, 0, &reading, nullptr), THARSIS_OK);
  EXPECT_EQ(d.service.next(reading, nullptr, nullptr), THARSIS_E_INVALID);
  d.service.close(reading);
  d.service.close(reading);
  EXPECT_EQ(d.service.next(reading, &item, nullptr), THARSIS_E_GONE);
  EXPECT_EQ(item, nullptr);
}

TEST(XlogReaderService, WhoFollowsGetsWhatComes) {
  disk_of_logs d;
  d.put("/logs/xlog_20261118.tlog", some_log(0, 1));
  tharsis_log_query q = d.query_of({"/logs"});
  q.flags = THARSIS_LOG_FOLLOW;
  tharsis_handle reading = 0;
  ASSERT_EQ(d.service.open(&q, 0, &reading, nullptr), THARSIS_OK);
  answer a;
  d.read_on(reading, a);
  EXPECT_EQ(a.status, THARSIS_PENDING);
  EXPECT_EQ(a.texts.size(), 4u);
  d.read_on(reading, a);
  EXPECT_EQ(a.status, THARSIS_PENDING);
  EXPECT_EQ(a.texts.size(), 4u);
  d.put("/logs/xlog_20261118_1.tlog", some_log(10, 1));
  d.read_on(reading, a);
  EXPECT_EQ(a.status, THARSIS_PENDING);
  EXPECT_EQ(a.texts.size(), 8u);
  EXPECT_EQ(a.damage.size(), 0u);
  d.service.close(reading);
}

TEST(XlogReaderService, DamageStandsAmongTheLines) {
  disk_of_logs d;
  std::string wrong = some_log(0, 1);
  wrong[wrong.size() / 2] = static_cast<char>(wrong[wrong.size() / 2] ^ 0x55);
  d.put("/wrong.tlog", wrong);
  const answer a = d.ask(d.query_of({"/wrong.tlog"}));
  EXPECT_EQ(a.status, THARSIS_OK);
  ASSERT_GE(a.damage.size(), 1u);
  EXPECT_EQ(a.damage[0].status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(a.damage[0].at_end, 0u);
  EXPECT_GT(a.damage[0].byte, 0u);
  EXPECT_FALSE(a.reasons[0].empty());
  EXPECT_EQ(a.texts.size(), 3u) << "one block of one line is damaged";
  const std::string log = some_log(0, 1);
  d.put("/cut.tlog", log.substr(0, log.size() - 90));
  const answer cut = d.ask(d.query_of({"/cut.tlog"}));
  ASSERT_EQ(cut.damage.size(), 1u);
  EXPECT_EQ(cut.damage[0].at_end, 1u);
}

TEST(XlogReaderService, WhatIsSealedNeedsItsKey) {
  disk_of_logs d;
  const auto key = test_key(5), other = test_key(6);
  const public_key open = key.open;
  d.put("/sealed.tlog", some_log(0, 1, std::span(&open, 1)));
  d.put("/my.key", private_key_text(key));
  d.put("/other.key", private_key_text(other));
  tharsis_log_query q = d.query_of({"/sealed.tlog"});
  answer a = d.ask(q);
  ASSERT_EQ(a.damage.size(), 1u);
  EXPECT_EQ(a.damage[0].status, THARSIS_E_DENIED);
  q.key = text_of("/other.key");
  a = d.ask(q);
  ASSERT_EQ(a.damage.size(), 1u);
  EXPECT_EQ(a.damage[0].status, THARSIS_E_DENIED);
  q.key = text_of("/my.key");
  EXPECT_EQ(d.ask(q).texts.size(), 4u);
  q.key = text_of("/no.key");
  EXPECT_EQ(d.ask(q).status, THARSIS_E_NOT_FOUND);
}

TEST(XlogReaderService, FilesOfMarsAreRead) {
  disk_of_logs d;
  std::vector<list> blocks;
  list said;
  for (int i = 0; i < 50; ++i) {  // More than is read at a time.
    said.push_back(std::to_string(i) + std::string(10'000, 'x'));
    blocks.push_back({said.back()});
  }
  d.put("/some", mars_file({}, blocks, true));
  const answer a = d.ask(d.query_of({"/some"}));
  EXPECT_EQ(a.damage.size(), 0u);
  EXPECT_TRUE(a.texts == said);
  d.put("/sealed", mars_file({mars_compression::zlib, 0, test_mars_pair(1).open}, {{"x"}}));
  const answer sealed = d.ask(d.query_of({"/sealed"}));
  ASSERT_EQ(sealed.damage.size(), 1u);
  EXPECT_EQ(sealed.damage[0].status, THARSIS_E_DENIED);
}
