#include "runtime/live_calls.h"

#include <utility>

#include "sdk/abi/command.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// So many that have finished are kept: the first finish() counts, and a plugin may come with a second one.
constexpr size_t finished_kept = 16;
// Plugins that finish none get no more of them.
constexpr size_t open_most = 64;
// Of one plugin: what it never ends must not be in the way of others.
constexpr size_t open_of_one = 48;

void add_lines(std::string& to, std::string_view text) { (to += text) += text.empty() || text.back() != '\n' ? "\n" : ""; }

}  // namespace

class live_calls::call {
 public:
  call(wish w, heard done, int64_t now, std::weak_ptr<const void> life) : wish_(std::move(w)), since_(now), done_(std::move(done)), life_(std::move(life)) {
    for (const std::string& a : wish_.arguments) arguments_.push_back(a.c_str());
    console_ = {sizeof console_, this, colours, nothing, print, print, complain, finish, colours, no_live_line};
    table_ = {sizeof table_, static_cast<uint32_t>(arguments_.size()), wish_.name.c_str(), arguments_.data(), &console_, text_of(wish_.folder)};
  }

  void run(const void* table, void* instance, std::weak_ptr<const void> life) {
    if (table == nullptr) return answer(0, {}, true);
    {
      const std::lock_guard lock(mutex_);
      if (!done_) return;  // Nobody waits any more.
      said_.taken = true;
      life_ = std::move(life);
    }
    static_cast<const tharsis_command*>(table)->run(instance, &table_);
  }
  const wish& wanted() const { return wish_; }
  // The plugin has it no more.
  bool over() const {
    const std::lock_guard lock(mutex_);
    return finished_ || life_.expired();
  }
  void look(int64_t now, duration patience) {
    const std::string what = "plugin '" + wish_.plugin + "' ";
    std::string why;
    {
      const std::lock_guard lock(mutex_);
      if (!done_) return;
      if (life_.expired()) why = what + "went before it had finished '" + wish_.name + "'";
      else if (now - since_ >= patience.count()) why = what + "has not finished '" + wish_.name + "' within " + std::to_string(milliseconds(patience)) + " ms";
    }
    if (!why.empty()) answer(1, why, false);
  }

 private:
  static call& of(void* self) { return *static_cast<call*>(self); }
  static int32_t colours(void* self) { return of(self).wish_.colours; }
  static void nothing(void*, tharsis_text) {}
  static int32_t no_live_line(void*, tharsis_text) { return 0; }
  // After its answer nobody sees it.
  static void print(void* self, tharsis_text text) {
    const std::lock_guard lock(of(self).mutex_);
    if (of(self).done_) add_lines(of(self).said_.printed, view(text));
  }
  static void complain(void* self, tharsis_text text) {
    const std::lock_guard lock(of(self).mutex_);
    if (of(self).done_) add_lines(of(self).said_.complained, view(text));
  }
  static void finish(void* self, int32_t code) { of(self).answer(code, {}, true); }
  // Others may free it as soon as it is finished: `done` is called with what is no part of it.
  void answer(int code, const std::string& why, bool finished) {
    heard done;
    outcome said;
    {
      const std::lock_guard lock(mutex_);
      finished_ = finished_ || finished;
      if (!done_) return;
      done = std::exchange(done_, nullptr);
      said = std::move(said_);
    }
    said.code = code;
    if (!why.empty()) {
      said.taken = true;
      add_lines(said.complained, why);
    }
    done(said);
  }

  const wish wish_;
  const int64_t since_;
  std::vector<const char*> arguments_;
  tharsis_console console_{};
  tharsis_command_call table_{};
  mutable std::mutex mutex_;
  outcome said_;
  heard done_;                      // Empty: it has been answered.
  std::weak_ptr<const void> life_;  // Of the way to the plugin, then of the plugin's instance.
  bool finished_ = false;           // By the plugin; or there is none.
};

live_calls::live_calls(way w, std::function<int64_t()> clock, duration patience) : way_(std::move(w)), clock_(std::move(clock)), patience_(patience) {}
live_calls::~live_calls() = default;

void live_calls::begin(wish w, heard done) {
  const auto there = std::make_shared<const bool>(true);
  std::shared_ptr<call> mine;
  {
    const std::lock_guard lock(mutex_);
    for (auto c = calls_.begin(); calls_.size() > finished_kept && c != calls_.end();) c = (*c)->over() ? calls_.erase(c) : std::next(c);
    const auto of_it = std::count_if(calls_.begin(), calls_.end(), [&](const auto& c) { return c->wanted().plugin == w.plugin; });
    if (calls_.size() < open_most && static_cast<size_t>(of_it) < open_of_one) mine = calls_.emplace_back(std::make_shared<call>(std::move(w), std::move(done), clock_(), there));
  }
  if (!mine) return done({true, {}, "as many commands wait for it, or for plugins in all, as may; ask again later\n", 1});
  way_(mine->wanted().plugin, mine->wanted().extension,
       [mine, there](const void* table, void* instance, std::weak_ptr<const void> life) { mine->run(table, instance, std::move(life)); });
}

void live_calls::look() {
  std::vector<std::shared_ptr<call>> all;
  {
    const std::lock_guard lock(mutex_);
    all.assign(calls_.begin(), calls_.end());
  }
  for (const auto& c : all) c->look(clock_(), patience_);
}

void live_calls::begin_all(std::vector<wish> all, std::function<void(const std::vector<outcome>&)> done) {
  struct round {
    live_calls& calls;
    std::vector<wish> left;  // The next one last.
    std::vector<outcome> said;
    std::function<void(const std::vector<outcome>&)> done;

    static void next(const std::shared_ptr<round>& self) {
      if (self->left.empty()) return self->done(self->said);
      wish w = std::move(self->left.back());
      self->left.pop_back();
      self->calls.begin(std::move(w), [self](const outcome& o) {
        self->said.push_back(o);
        next(self);
      });
    }
  };
  std::vector<wish> reversed(std::make_move_iterator(all.rbegin()), std::make_move_iterator(all.rend()));
  round::next(std::make_shared<round>(round{*this, std::move(reversed), {}, std::move(done)}));
}

}  // namespace tharsis::runtime
