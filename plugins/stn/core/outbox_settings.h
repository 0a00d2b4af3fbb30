// What an application may leave with the durable outbox.
#pragma once
#include <cstdint>
#include <string>

#include "sdk/pure/time.h"

namespace tharsis::stn {

struct outbox_settings {
  // Off: it costs a file and a stable client id, which the server can recognise the device by.
  bool use = false;
  // A person who writes for a weekend without a network leaves some hundred messages.
  int64_t count = 1024;
  // Of requests and answers together. A thousand messages with a small picture in some of them;
  // all of it is in memory, too. An answer beyond it is kept without its body.
  int64_t bytes = 16 << 20;
  // What nobody could send for a weekend is no news any more on Tuesday.
  duration ttl = 24h * 3;
  // each: a record survives a loss of power; some milliseconds and a write of the flash for each turn's records. lazy: the death of
  // the process loses nothing either, a loss of power the last seconds.
  bool sync_each = true;
  std::string key_file;  // Empty: not sealed.
  bool operator==(const outbox_settings&) const = default;
};

// Entries that are on their way at a time: those of yesterday must not fill the queue before those of now.
inline constexpr size_t outbox_running_max = 64;
// A try that failed although its link had repeated it is repeated after this,
inline constexpr duration outbox_pause_min = 1s;
// which doubles up to this. The links pace their connects by themselves.
inline constexpr duration outbox_pause_max = 60s;
// One whose connections died under it may be what they die of: all else on its link must have its time.
inline constexpr duration outbox_pause_lost_max = 1h;
// Whatever the wall clock says when the process starts, each entry gets so much time: many machines start with a wrong one.
inline constexpr duration outbox_grace = 60s;
// Besides its texts: what an entry costs in memory,
inline constexpr int64_t outbox_entry_cost = 256;
// each header, in memory and in the file,
inline constexpr int64_t outbox_header_cost = 16;
// and what is reserved for the sentence of an answer that has no room otherwise.
inline constexpr int64_t outbox_sentence_room = 256;
// The largest record, and entry: twice of what links answer with, unless a profile allows them more.
inline constexpr int64_t outbox_record_max = 32 << 20;
// The file is written anew when it has twice the bytes that count, and this besides.
inline constexpr size_t outbox_slack = 256 << 10;
// A key's text, and more than any has.
inline constexpr size_t outbox_key_file_max = 256;
// No outbox that keeps its limits has a larger file.
inline constexpr uint64_t outbox_file_max = uint64_t{1} << 30;

}  // namespace tharsis::stn
