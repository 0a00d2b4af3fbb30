#include "plugins/dns/known_files.h"

#include <cstring>
#include <memory>
#include <utility>

#include "sdk/async/any_number.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/sha256.h"

namespace tharsis::dns {
namespace {

// For who has to compare it in one go.
uint64_t short_number_of(std::string_view text) {
  sha256_sum sum;
  sum.add(text.data(), text.size());
  uint64_t number = 0;
  const auto digest = sum.digest();
  std::memcpy(&number, digest.data(), sizeof number);
  return number;
}

constexpr std::string_view file_word = "file ";
constexpr size_t file_line_max = 80;

}  // namespace

struct known_files::contents {
  hosts_file hosts;
  std::string hosts_wrong;  // Of the files that cannot be read.
  std::string table, table_wrong;
  std::string table_number;  // By its bytes; a large table takes milliseconds.
};

known_files::known_files(strand& place, const host& tables, const settings& s, const state_folder& kept, std::function<void()> changed)
    : place_(place),
      host_(tables),
      log_(tables.log),
      settings_(s.known),
      changed_(std::move(changed)),
      names_(s.known.table_keys, s.known.region, any_number(*tables.random)),
      kept_(place, tables,
            {.path = settings_.table_keys.empty() ? std::string() : kept.file("table"),
             .what = "a signed table",
             .loss = "the signed table of the last start is not there",
             .never_kept = "the signed table cannot be kept for the next start",
             .size_max = address_table::text_max + file_line_max},
            kept.content({.read = [this](std::string_view text) { return remember(text); }, .write = [this] { return kept_text(); }})),
      handed_(*tables.loop, &known_files::on_table, this),
      restored_(place),
      work_(place) {}

task<void> known_files::load() {
  names_.on_clock(wall_seconds());
  if (kept_.kept()) {
    kept_.open([this] { restored_.raise(); });
    co_await restored_.wait();
    tell_callers();
  }
  if (settings_.hosts.empty() && settings_.table_file.empty()) co_return;
  co_await read_files();
}

error known_files::remember(std::string_view text) {
  // The last line of a table is its signature.
  const size_t end = text.rfind(std::string("\n") + std::string(file_word));
  std::string file;
  if (end != std::string_view::npos) {
    file = text.substr(end + 1 + file_word.size());
    text = text.substr(0, end + 1);
  }
  error wrong = names_.remember_table(text);
  if (wrong.status == THARSIS_OK && names_.table().text() == text && file.ends_with('\n')) good_file_ = file.substr(0, file.size() - 1);
  return wrong;
}

std::string known_files::kept_text() const {
  const std::string& table = names_.table().text();
  return good_file_.empty() || table.empty() ? table : table + std::string(file_word) + good_file_ + "\n";
}

void known_files::look() {
  names_.on_clock(wall_seconds());
  const bool has_files = !settings_.hosts.empty() || !settings_.table_file.empty();
  if (!has_files || reading_ || place_.now() - read_at_ < settings_.again) return;
  work_.spawn(read_again());
}

// One at a time: what was read first would count last. False: nothing was read.
task<bool> known_files::read_files() {
  reading_ = true;
  const auto read = [files = host_.files, s = settings_] {
    contents all;
    for (const std::string& path : s.hosts) {
      const auto text = read_whole(files, path, hosts_file::text_max, "a hosts file");
      if (text) (void)all.hosts.read(*text);
      else all.hosts_wrong += (all.hosts_wrong.empty() ? "" : "; ") + text.failure().text;
    }
    if (s.table_file.empty()) return all;
    auto text = read_whole(files, s.table_file, address_table::text_max, "a signed table");
    if (text) {
      all.table = std::move(*text);
      all.table_number = sha256_of(all.table);
    } else {
      all.table_wrong = text.failure().text;
    }
    return all;
  };
  const auto all = co_await blocking(place_, read);
  reading_ = false;
  read_at_ = place_.now();
  if (all) take(*all);
  co_return all.has_value();
}

task<known_files::news> known_files::reread() {
  news n;
  if (settings_.hosts.empty() && settings_.table_file.empty()) co_return n;
  // What is being read may be what the files said before they changed.
  constexpr duration look_again = 10ms;
  for (signal pause(place_); reading_;) co_await pause.wait(later(place_.now(), look_again));
  const uint64_t hosts_before = hosts_changes_, table_before = names_.table().generation();
  const bool read = co_await read_files();
  if (!read) n.refused.push_back("the hosts files and the signed table were not read: the host has no thread free; try again");
  if (hosts_changes_ != hosts_before) n.changed.push_back("the hosts files say something else");
  if (names_.table().generation() != table_before) n.changed.push_back("another signed table counts, serial " + std::to_string(names_.table().serial()));
  // Who was told that a table counts finds no older one after the next start, however this one ends.
  if (const error failure = co_await kept_.settle(); failure.status != THARSIS_OK) n.refused.push_back("the signed table is not kept for the next start: " + failure.text);
  if (!complained_hosts_.empty()) n.refused.push_back(complained_hosts_);
  if (complained_table_.empty()) co_return n;
  const uint64_t serial = names_.table().serial();
  n.refused.push_back(complained_table_ + (serial == 0 ? "; there is no other" : "; the one before goes on to count, serial " + std::to_string(serial)));
  co_return n;
}

void known_files::take(const contents& all) {
  complain(complained_hosts_, all.hosts_wrong.empty() ? "" : "dns.hosts: " + all.hosts_wrong);
  if (names_.set_hosts(all.hosts)) {
    ++hosts_changes_;
    changed_();
  }
  if (!all.table_wrong.empty()) complain(complained_table_, "dns.table.file: " + all.table_wrong);
  else if (!settings_.table_file.empty()) take_file(all.table, all.table_number);
}

// The same file as ever is nobody's fault when a newer table has been handed over since; and while it holds there is nothing to be verified
// again.
void known_files::take_file(const std::string& text, const std::string& number) {
  const bool same = good_file_ == number;
  if (same && (names_.table().text() != text || names_.table().current(wall_seconds()) != nullptr)) return complain(complained_table_, "");
  const error wrong = take_table(text, "dns.table.file: " + settings_.table_file);
  complain(complained_table_, wrong.text);
  if (wrong.status == THARSIS_OK && std::exchange(good_file_, number) != number) kept_.change();
}

void known_files::on_table(void* self, std::string text) {
  known_files& k = *static_cast<known_files*>(self);
  const error wrong = k.take_table(text, "the table that was handed over");
  k.complain(k.complained_handed_, wrong.text);
}

error known_files::take_table(const std::string& text, const std::string& what) {
  names_.on_clock(wall_seconds());
  const uint64_t before = names_.table().generation();
  error wrong = names_.offer_table(text, what);
  if (names_.table().generation() == before) return wrong;
  tell_callers();
  log_.info("a signed table counts serial={serial} size={size}", names_.table().serial(), text.size());
  kept_.change();
  changed_();
  return wrong;
}

void known_files::tell_callers() {
  number_ = short_number_of(names_.table().text());
  serial_ = names_.table().serial();
}

// The same sentence once.
void known_files::complain(std::string& last, const std::string& why) const {
  if (why != last && !why.empty()) host_.warning(why);
  last = why;
}

tharsis_status known_files::hand_over(std::string_view text, tharsis_error* error) {
  if (settings_.table_keys.empty()) return fail(error, THARSIS_E_UNSUPPORTED, "no key is trusted with a table; name one in dns.table.keys");
  const std::string what = "the table that was handed over";
  const auto t = read_table(text, settings_.table_keys, what);
  if (!t) return fail(error, t.failure());
  if (const auto old = out_of_time(*t, wall_seconds(), what); old.status != THARSIS_OK) return fail(error, old);
  if (t->serial < serial_)
    return fail(error, THARSIS_E_DENIED, what + " is an older one, serial " + std::to_string(t->serial) + ": " + std::to_string(serial_) + " was seen before; a new table needs a higher serial");
  if (t->serial == serial_ && short_number_of(text) != number_)
    return fail(error, THARSIS_E_DENIED, what + " has serial " + std::to_string(t->serial) + " as the one that counts, and other content; a new table needs a higher serial");
  if (!promise(t->serial, short_number_of(text)))
    return fail(error, THARSIS_E_DENIED, what + " has serial " + std::to_string(t->serial) + ", and another table with that one or a higher one was handed over a moment before; a new table needs a higher serial");
  return handed_.send(std::string(text)) == THARSIS_OK ? THARSIS_OK : fail(error, THARSIS_E_GONE, "dns has stopped");
}

bool known_files::promise(uint64_t serial, uint64_t number) {
  auto mine = std::make_unique<promised_table>(promised_table{serial, number, promised_.load()});
  do {
    const promised_table* const last = mine->before;
    if (last != nullptr && (serial < last->serial || (serial == last->serial && number != last->number))) return false;
    if (last != nullptr && serial == last->serial) return true;
  } while (!promised_.compare_exchange_weak(mine->before, mine.get()));
  (void)mine.release();
  return true;
}

known_files::~known_files() {
  for (const promised_table* p = promised_; p != nullptr;) {
    const std::unique_ptr<const promised_table> gone(p);
    p = gone->before;
  }
}

task<void> known_files::close(instant deadline) {
  handed_.drain();
  work_.clear();
  co_await kept_.close(deadline);
}

}  // namespace tharsis::dns
