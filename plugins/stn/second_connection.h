// A second connection of one link to where the first one leads, made when that may be dead and nobody said so: what
// core/second_way decides is done here. It carries what may be sent twice even before it has proved itself, so that an answer
// is no later than if the death had been known.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "plugins/stn/core/second_report.h"
#include "plugins/stn/core/second_share.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/side_connection.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

// How one that was dialled went, for the world.
struct second_attempt {
  endpoint to;
  std::string address;
  phase_times took;
  const loss* why;  // Status OK: it takes the first one's place.
};

class second_connection final : private side_connection::listener {
 public:
  class listener {
   public:
    // As side_connection says.
    virtual void on_second_read(size_t bytes) = 0;
    virtual void on_second_written(size_t bytes) = 0;
    virtual void on_second_push(const push& p) = 0;
    // step() is to be called soon.
    virtual void on_second_news() = 0;
    virtual void on_second_end(const second_attempt& a) = 0;

   protected:
    ~listener() = default;
  };

  // All of them outlive it.
  second_connection(const live_connection::surroundings& s, const host& tables, switchboard& ways, const counts& count,
                    task_queue& tasks, listener& heard);

  void change(const second_way_settings& s) { way_.change(s); }
  void on_metered(bool is) { way_.on_metered(is); }
  void on_another_network() { way_.on_another_network(); }

  // The link has a connection: this wire, until on_down(), with segments so large (0: as the system likes). One that cannot
  // tell what is confirmed has no second one. Where the second one led and was not taken, it has died: its tasks go again.
  void on_up(stream& first, int64_t mss);
  // What leads stays, to be taken.
  void on_down();
  // Bytes came on it, and the tasks know;
  void on_heard();
  // so many are about to be written.
  void on_written(size_t bytes);
  // The network has changed, or the machine slept.
  void on_doubt(second_reason why);

  // At the end of a turn of the link's connection: what follows from it. `to`: where the link leads.
  void step(const endpoint& to);
  instant deadline() const { return way_.deadline(); }

  // One was dialled, and what became of it is not known yet, or not told to step().
  bool there() const { return side_ != nullptr; }
  // It has proved itself, and the first one has not shown a sign of life: it takes that one's place, and sends all that is
  // yet to be sent.
  bool leads() const { return leads_ && side_ && side_->up(); }
  const std::string& sentence() const { return sentence_; }  // Why.
  const dialer& dialled() const { return side_->dialled(); }  // Until on_up().
  // The link's from now on; it leads.
  std::unique_ptr<live_connection> take();
  // None is wanted any more.
  void cancel();
  void on_codec_gone(const std::string& text);
  // There is something to send.
  void nudge() {
    if (leads()) side_->nudge();
  }

  second_report report() const { return {way_.totals(), way_.why(), share_.copies_in_all()}; }

 private:
  task<void> live(endpoint to);
  second_way::sight sight();
  void dial(const endpoint& to);
  bool looks_like_a_hole(const second_way::sight& s) const;
  void look_at_size();
  std::string who() const { return "link " + around_.settings.name; }
  void lead();
  void tell_news();
  void drop(const loss& why);
  void tell(const loss& why);
  void on_side_up() override { tell_news(); }
  void on_side_read(size_t bytes) override { listener_.on_second_read(bytes); }
  void on_side_written(size_t bytes) override;
  void on_side_push(const push& p) override { listener_.on_second_push(p); }

  const live_connection::surroundings around_;
  const host& host_;
  switchboard& ways_;
  const counts& counts_;
  task_queue& tasks_;
  listener& listener_;
  second_way way_;
  second_share share_;
  stream* first_ = nullptr;
  phase_clock phases_;
  phase_times began_{};
  endpoint to_;
  std::unique_ptr<side_connection> side_;
  std::optional<loss> ended_;  // It has, and step() does not know yet.
  bool news_ = false;
  bool leads_ = false;
  int64_t mss_ = 0;           // Of the first one's segments,
  bool narrow_ = false;       // and this one's are smaller.
  bool fresh_ = false;        // Nothing was heard on the first one yet.
  size_t early_ = 0;          // So much was written at once meanwhile,
  instant early_at_{};        // then.
  uint64_t carried_ = 0;      // By the first one, as far as was looked.
  uint64_t large_up_to_ = 0;  // Where the peer has confirmed so much, large segments have passed; 0: none were sent.
  std::string sentence_;
  task_set running_;
};

}  // namespace tharsis::stn
