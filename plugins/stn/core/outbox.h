// The durable outbox: which tasks of this and earlier processes are open, which may be sent now, and who is told of their ends.
//
// An entry is put, and may go once it is on the disk. It goes again after a failed try, with growing pauses, until
// it has an answer or its life is over. Of one link and order only the oldest without an answer is under way. Its answer is
// told to who holds it: the caller of this process, or an adopter, once each; and it stays until it is acknowledged.
//
// What the settings allow in bytes holds for answers too: one that is too large is kept without its body.
//
// Life runs by the host's monotonic clock. Only from one process to the next the wall clock has to do, which may be wrong: a clock
// that went back makes nobody older, and one that went ahead leaves at least outbox_grace.
//
// Pure: the owner writes records, sends, and tells.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "plugins/stn/core/outbox_record.h"
#include "plugins/stn/core/outbox_settings.h"

namespace tharsis::stn {

class outbox_book {
 public:
  static constexpr uint64_t nobody = 0;
  static constexpr uint64_t caller_here = 1;  // Adopters have greater numbers.

  struct entry {
    kept_task task;
    int64_t put_at = 0;  // Wall, ns.
    duration life{};     // From then on.
    instant deadline = never;  // Of the task; of one that is answered: until when the answer is kept.
    uint32_t sends = 0;  // Of tries that have ended.
    std::optional<kept_answer> answer;
    int64_t answered_at = 0;  // Wall, ns.

    bool on_disk = false;
    bool running = false;
    instant next_try = instant::min();
    duration pause = outbox_pause_min;
    bool lost = false;  // Connections died under a try: from then on it is sent once in each.
    uint64_t holder = nobody;
    bool told = false;
    int64_t size = 0;
  };
  enum class verdict { again, over, withdrawn };
  // To tell an adopter: of an entry that is his now, or of its answer.
  struct news {
    uint64_t adopter = nobody;
    uint64_t entry = 0;
    bool answered = false;
  };

  explicit outbox_book(const outbox_settings& s) : settings_(s) {}

  // What a file says, once, before all else. Records of entries that it does not know are passed over. Where none of them says which
  // numbers are free, new ones begin with the microseconds of `wall`: what was given by a file that is lost is not given again.
  void load(std::vector<outbox_record> records, int64_t wall, instant now);
  // By which the server knows whose keys these are.
  const std::string& client() const { return client_; }
  void set_client(std::string id) { client_ = std::move(id); }

  // The new entry's number; its caller holds it. `life` zero: as long as the settings say.
  //   THARSIS_E_INVALID  it has no key, or is larger than any entry may be.
  //   THARSIS_E_IN_USE   an entry has this key.
  //   THARSIS_E_BUSY     there are as many, or as large ones, as the settings allow.
  result<uint64_t> put(kept_task task, duration life, int64_t wall, instant now);
  // It is on the disk.
  void on_disk(uint64_t number);
  // It is gone: not kept, acknowledged, or withdrawn. Others of its order may go.
  void remove(uint64_t number);

  // Those that may go now, oldest first; they are under way then.
  std::vector<uint64_t> take_due(instant now);
  // Pauses between tries are over; they begin small again, but for those that connections died of again and again.
  void hurry();
  // A try has ended. `lost`: connections died under it. `over`: answer() comes next; `withdrawn`: remove().
  verdict on_try(uint64_t number, tharsis_status status, uint32_t why, uint32_t sends, instant now, uint64_t random, bool lost = false);
  // Whether it can be kept whole, within what the settings allow and an entry may have.
  bool has_room_for(uint64_t number, const kept_answer& a) const;
  // What is kept of one for which there is no room: for that there always is.
  static kept_answer without_body(kept_answer a);
  // False: it has one already, or is unknown.
  bool answer(uint64_t number, kept_answer a, int64_t wall, instant now);
  // Entries that no try is under way for and whose life is over: they want an answer that says so.
  std::vector<uint64_t> expired(instant now) const;
  // Answers that nobody has acknowledged for as long as tasks live: they are to be removed.
  std::vector<uint64_t> unwanted(instant now) const;
  // When to come back.
  instant deadline() const;

  std::vector<news> adopt(uint64_t adopter, uint32_t command, std::string user);
  // What he was told and has not acknowledged goes to others.
  std::vector<news> release(uint64_t adopter);
  // Its caller is not there any more.
  std::vector<news> on_caller_gone(uint64_t number);
  // After answer(): who else than its caller is to be told, if anybody.
  std::vector<news> on_answered(uint64_t number);

  const entry* find(uint64_t number) const;
  const std::map<uint64_t, entry>& entries() const { return entries_; }
  int64_t bytes() const { return bytes_; }
  size_t running() const { return running_; }

  outbox_record put_record(uint64_t number) const;
  outbox_record answer_record(uint64_t number) const;
  outbox_record sent_record(uint64_t number, int64_t wall) const;
  // All that a new file needs; not what was never on the disk.
  std::vector<outbox_record> snapshot() const;

 private:
  struct adopter {
    uint64_t id;
    uint32_t command;  // 0: any.
    std::string user;  // Empty: any.
  };
  void take_over(outbox_record r, int64_t wall, instant now);
  void add(uint64_t number, entry e);
  void resize(entry& e);
  entry* at(uint64_t number);
  void offer(uint64_t number, entry& e, std::vector<news>& to) const;
  std::vector<news> offer_all();
  static bool wants(const adopter& a, const entry& e);

  outbox_settings settings_;
  std::string client_;
  uint64_t next_ = 1;
  std::map<uint64_t, entry> entries_;
  std::unordered_map<std::string, uint64_t> by_key_;
  std::vector<adopter> adopters_;
  int64_t bytes_ = 0;
  size_t running_ = 0;
};

}  // namespace tharsis::stn
