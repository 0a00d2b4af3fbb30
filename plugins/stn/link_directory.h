// The links of an instance, by name and by number. They come and go while tasks, letters and answers that name them
// are under way: so a number is never given twice, and one of a link that has gone leads to nobody.
#pragma once
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "plugins/stn/link_names.h"
#include "plugins/stn/longlink.h"

namespace tharsis::stn {

// On the own strand; other threads have the link_names.
class link_directory {
 public:
  static constexpr size_t none = link_names::none;

  // All of them outlive it.
  link_directory(const link_surroundings& around, link_names& names, const answer_time_settings& times)
      : around_(around), names_(names), times_(times), leaving_(around.place) {}
  link_directory(const link_directory&) = delete;

  // One more, which is not started yet. No other has its name.
  longlink& add(const link_settings& s);
  // One that tasks do not name.
  longlink& add_unnamed(const link_settings& s);

  // The profile says something else of it.
  void change(longlink& link, const link_settings& s);

  // Nobody finds it from now on, and what it has not answered ends so. The rest is a farewell: then it is destroyed.
  void remove(size_t number, const loss& why, const ending& tasks);

  // Null: it has gone, or never was.
  longlink* at(size_t number) const { return number < by_number_.size() ? by_number_[number].get() : nullptr; }
  longlink* named(std::string_view name) const { return at(names_.find(name)); }
  // In the order in which they came; as they are now, for they may come and go while somebody walks through them.
  std::vector<longlink*> all() const { return all_; }

  // See longlink; also those that were removed and are not gone yet.
  void stop();
  task<void> wait_stopped(instant deadline);

 private:
  task<void> see_off(std::unique_ptr<longlink> link);
  void show_names();

  const link_surroundings around_;
  link_names& names_;
  const answer_time_settings times_;
  std::vector<std::unique_ptr<longlink>> by_number_;  // Null: gone.
  std::vector<longlink*> all_;
  std::set<size_t> unnamed_;
  task_set leaving_;
};

}  // namespace tharsis::stn
