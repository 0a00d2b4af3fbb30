// Any bytes as an outbox's file: they are refused, or hold records that are written and read again, and that a book takes over
// with its sums right.
#include "plugins/stn/core/outbox.h"
#include "plugins/stn/core/outbox_file.h"
#include "tests/fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tharsis;
  using namespace tharsis::stn;
  static const outbox_key key = *outbox_key::parse("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  auto read = read_outbox({reinterpret_cast<const char*>(data), size}, &key);
  if (!read) {
    fuzz::require(!read.failure().text.empty(), "a refusal has a sentence");
    return 0;
  }
  outbox_writer writer(outbox_salt{1}, read->sealed ? nullptr : &key);
  std::string again = writer.head();
  for (const auto& r : read->records) {
    const auto one = writer.record(r);
    fuzz::require(one.ok(), "what was read can be written");
    again += *one;
  }
  const auto second = read_outbox(again, &key);
  fuzz::require(second && second->records.size() == read->records.size(), "what is written is read");
  for (size_t i = 0; i < second->records.size(); ++i)
    fuzz::require(write_record(second->records[i]) == write_record(read->records[i]), "a record says the same again");

  outbox_book book({});
  book.load(std::move(read->records), 0, instant(1h));
  int64_t bytes = 0;
  for (const auto& [number, e] : book.entries()) bytes += e.size;
  fuzz::require(bytes == book.bytes(), "the sum of the entries");
  (void)book.adopt(10, 0, {});
  (void)book.take_due(instant(1h));
  fuzz::require(book.running() <= outbox_running_max, "not more than allowed are under way");
  return 0;
}
