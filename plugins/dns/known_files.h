// Where known names come from: hosts files and the signed table, read at the start and again when they change; and the table
// that an application hands over while it runs. The last good table is kept for the next start, so that none takes its place
// that is older.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "plugins/dns/core/known_names.h"
#include "plugins/dns/core/settings.h"
#include "plugins/dns/state_folder.h"
#include "sdk/async/host.h"
#include "sdk/async/kept_file.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/logger.h"

namespace tharsis::dns {

class known_files {
 public:
  // In `kept` is the last good table. `changed` is called when names may have other addresses than before.
  known_files(strand& place, const host& tables, const settings& s, const state_folder& kept, std::function<void()> changed);
  ~known_files();
  known_files(const known_files&) = delete;

  // All is known when it returns.
  task<void> load();
  // Names are used: what was read long ago is read again, meanwhile.
  void look();
  known_names& names() { return names_; }

  // Reads all of them now, whenever that was last, and once what is being read has been. A table that is refused leaves the one
  // before in its place.
  struct news {
    std::vector<std::string> changed;  // "another signed table counts, serial 4711"
    std::vector<std::string> refused;  // What is wrong, and what goes on to count.
  };
  task<news> reread();

  // What is wrong with the table that lies in its file; empty: nothing.
  const std::string& complaint() const { return complained_table_; }

  // A table of the application's own channel. It counts a moment later, unless the file's has as high a serial and comes first.
  //   THARSIS_E_UNSUPPORTED  the profile trusts no key (dns.table.keys).
  //   Others: see table_shelf::offer().
  // [any thread]
  tharsis_status hand_over(std::string_view text, tharsis_error* error);

  // No file is read any more; what is to be kept is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline);

 private:
  struct contents;

  // Tables that callers were told will count; serials only grow. Whoever looks at the last one may do so in the moment in which another
  // comes, so they stay, a few bytes for each table of a life.
  struct promised_table {
    uint64_t serial, number;
    const promised_table* before;
  };

  // False: one of the same serial and other content was promised, or one of a higher serial. [any thread]
  bool promise(uint64_t serial, uint64_t number);
  static void on_table(void* self, std::string text);
  task<bool> read_files();
  task<void> read_again() { co_await read_files(); }
  void take(const contents& all);
  void take_file(const std::string& text, const std::string& number);
  error take_table(const std::string& text, const std::string& what);
  void tell_callers();
  // What is kept: the table that counts, and behind it a line with the number of the file that was taken last.
  error remember(std::string_view text);
  std::string kept_text() const;
  void complain(std::string& last, const std::string& why) const;
  int64_t wall_seconds() const { return place_.wall() / 1'000'000'000; }

  strand& place_;
  const host host_;
  const logger log_;
  const settings::known_settings settings_;
  const std::function<void()> changed_;
  known_names names_;
  // Of the table that counts, for the callers' threads; the number is one of its bytes, and is there before its serial.
  std::atomic<uint64_t> serial_ = 0, number_ = 0;
  std::atomic<const promised_table*> promised_ = nullptr;
  kept_file kept_;
  inbox<std::string> handed_;
  signal restored_;
  bool reading_ = false;
  uint64_t hosts_changes_ = 0;
  std::string good_file_;  // A number that the table's file had when it was taken, by its bytes, be it in an earlier life; empty: none was.
  instant read_at_{};
  std::string complained_hosts_, complained_table_, complained_handed_;
  task_set work_;
};

}  // namespace tharsis::dns
