// Between the callers' strands and the links: takes tasks in from any thread, keeps wild applications in check, and
// sees to it that the one answer of each task goes back to where it came from.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/activity.h"
#include "plugins/stn/core/judged_tasks.h"
#include "plugins/stn/core/stopped_commands.h"
#include "plugins/stn/core/task_limits.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/link_choice.h"
#include "plugins/stn/link_directory.h"
#include "plugins/stn/links_overview.h"
#include "plugins/stn/minor_links.h"
#include "plugins/stn/network_news.h"
#include "plugins/stn/outbox_callers.h"
#include "plugins/stn/outbox_desk.h"
#include "plugins/stn/route_hook.h"
#include "plugins/stn/shortlinks.h"
#include "plugins/stn/switchboard.h"
#include "plugins/stn/task_delivery.h"
#include "plugins/stn/task_intake.h"
#include "sdk/abi/stn.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/network_watch.h"

namespace tharsis::stn {

class dispatcher final : public answer_taker {
 public:
  // The files of what is kept for the next start, and of how the links are; empty: none.
  struct kept {
    std::string intervals, book;
    std::string outbox;  // Of durable tasks.
    std::string segments;
    std::string lanes;  // How weak networks were.
  };
  // `s` and `events` outlive the dispatcher. [own strand]
  dispatcher(strand& place, const host& tables, const settings& s, const link_events& events, kept files = {});
  dispatcher(const dispatcher&) = delete;
  ~dispatcher() { open_->home().close(); }

  // As tharsis_stn says. [any strand]
  tharsis_status submit(const tharsis_stn_task& task, tharsis_handle* id, tharsis_error* error);
  void cancel(tharsis_handle id);
  bool has(tharsis_handle id) const { return open_->has(id); }
  void clear(tharsis_text link, tharsis_text user);
  void redo(tharsis_text link);
  void touch(tharsis_text link);
  void reset(tharsis_text link);

  // For tharsis.stn.outbox/1. [any thread]
  outbox_callers& durable() { return durable_; }

  void start();
  void take(answer a, size_t link) override;
  void ask(const encode_wish& wish, size_t link) override;
  void on_state(size_t link) override;
  switchboard& ways() { return ways_; }
  const link_names& names() const { return names_; }
  push_board& pushes() { return pushes_; }
  // The links, which may come and go while stn runs. [own strand]
  link_directory& links() { return links_; }
  // Adds one and starts it. No other has its name. [own strand]
  longlink& open_link(const link_settings& s);
  // The profile names these links now, in the place of `before`: what has changed changes, and no task is lost but
  // those of links that are named no more. [own strand]
  void change(const std::vector<link_settings>& before, const std::vector<link_settings>& now);
  // Of all links together. [own strand]
  link_totals totals() const { return totals_of(links_, traffic_); }
  // How HTTP calls are to spare servers. [own strand]
  http_care::terms http_terms() const;
  // How the links are and were. [own strand]
  links_report report() const;
  // Everything is answered and closed when it returns.
  task<void> stop();

 private:
  using letter = task_letter;
  tharsis_status refuse(tharsis_error* error, tharsis_status status, const std::string& reason) const;
  static void on_letter(void* context, letter l);
  void say(letter::kind what, tharsis_text link, tharsis_text user = {});
  void on_said(const letter& l);
  void on_said(const letter& l, longlink& link);
  void clear_judged(std::string_view name, std::string_view user);
  result<std::unique_ptr<request>> revive(const kept_task& left);
  void make_desk(std::string file);
  void start_links();
  void on_weak();
  void accept(std::unique_ptr<request> r, size_t link);
  void admit(std::unique_ptr<request> r, size_t link);
  void go(std::unique_ptr<request> r, size_t link);
  void carry(std::unique_ptr<request> r, size_t link);
  longlink* minor_for(const minor_request& r);
  void begin(longlink& link);
  void let_go(size_t link);
  bool is_meant(std::string_view name, const longlink& link) const;
  void withdraw(tharsis_handle id);
  void try_again(std::unique_ptr<request> r, uint32_t verdict, size_t link);
  void on_judged(const letter& l);
  void on_made(uint64_t id, uint32_t connection, size_t link, size_t short_link, result<std::vector<uint8_t>> body);
  std::optional<ending> over_limits(const request& r, const std::vector<uint8_t>& body);
  void free_order(const request& r, size_t link);
  void close(const answer& a, size_t link);
  void tell(answer a, size_t link);  // On its caller's strand, later.
  void hand_over(answer a, size_t link);
  // A task has its end.
  void count(const request& r, const task_profile& p, size_t link);
  void count_keyed(const request& r, std::string_view link);
  void end(std::unique_ptr<request> r, tharsis_status status, uint32_t why, std::string reason, size_t link);

  strand& place_;
  const host host_;
  const settings& settings_;
  const link_events& events_;
  const counts counts_;
  link_names names_;
  switchboard ways_;
  codec_shelf codecs_;
  std::string client_id_;
  interval_memory memory_;
  weak_memory weakness_;
  link_book book_;
  auth_hook auth_;
  route_hook route_;
  activity use_;
  push_board pushes_;
  wake_company company_;
  weak_watch weak_;
  traffic traffic_;
  link_directory links_;
  link_choice choice_;
  minor_links minors_;
  shortlinks shorts_;  // Their tasks have the long link of their name as their `link`, or none.
  const task_intake intake_;
  const std::shared_ptr<open_tasks> open_;
  inbox<letter> inbox_;
  outbox<task_delivery> outbox_;
  judged_tasks judged_;
  std::optional<outbox_desk> desk_;  // Of durable tasks, where there is an outbox.
  outbox_callers durable_;
  task_limits limits_;
  stopped_commands stopped_;
  network_news news_;
  network_watch network_;
  bool network_there_ = true;
  bool started_ = false;  // The links, which an outbox may put off.
  uint64_t generation_ = 0;  // Of the network.
  const tharsis_handle own_strand_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace tharsis::stn
