#include "runtime/live_calls.h"

#include <atomic>
#include <utility>

#include "sdk/abi/command.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// So many that have finished are kept: the first finish() counts, and a plugin may come with a second one.
constexpr size_t finished_kept = 16;

void add_lines(std::string& to, std::string_view text) { (to += text) += text.empty() || text.back() != '\n' ? "\n" : ""; }

}  // namespace

class live_calls::call {
 public:
  call(wish w, heard done) : wish_(std::move(w)), done_(std::move(done)) {
    for (const std::string& a : wish_.arguments) arguments_.push_back(a.c_str());
    console_ = {sizeof console_, this, colours, nothing, print, print, complain, finish, colours, no_live_line};
    table_ = {sizeof table_, static_cast<uint32_t>(arguments_.size()), wish_.name.c_str(), arguments_.data(), &console_, text_of(wish_.folder)};
  }

  void run(const void* table, void* instance) {
    if (table == nullptr) return end();
    said_.taken = true;
    static_cast<const tharsis_command*>(table)->run(instance, &table_);
  }
  const wish& wanted() const { return wish_; }
  bool finished() const { return finished_; }

 private:
  static call& of(void* self) { return *static_cast<call*>(self); }
  static int32_t colours(void* self) { return of(self).wish_.colours; }
  static void nothing(void*, tharsis_text) {}
  static int32_t no_live_line(void*, tharsis_text) { return 0; }
  static void print(void* self, tharsis_text text) {
    const std::lock_guard lock(of(self).mutex_);
    add_lines(of(self).said_.printed, view(text));
  }
  static void complain(void* self, tharsis_text text) {
    const std::lock_guard lock(of(self).mutex_);
    add_lines(of(self).said_.complained, view(text));
  }
  static void finish(void* self, int32_t code) {
    {
      const std::lock_guard lock(of(self).mutex_);
      of(self).said_.code = code;
    }
    of(self).end();
  }
  void end() {
    heard done;
    outcome said;
    {
      const std::lock_guard lock(mutex_);
      if (!done_) return;
      done = std::exchange(done_, nullptr);
      said = std::move(said_);
    }
    finished_ = true;
    done(said);
  }

  const wish wish_;
  std::vector<const char*> arguments_;
  tharsis_console console_{};
  tharsis_command_call table_{};
  std::mutex mutex_;
  outcome said_;
  heard done_;
  std::atomic<bool> finished_ = false;
};

live_calls::live_calls() = default;
live_calls::~live_calls() = default;

void live_calls::begin(runtime& r, wish w, heard done) {
  call* mine = nullptr;
  {
    const std::lock_guard lock(mutex_);
    for (auto c = calls_.begin(); calls_.size() > finished_kept && c != calls_.end();) c = (*c)->finished() ? calls_.erase(c) : std::next(c);
    mine = calls_.emplace_back(std::make_unique<call>(std::move(w), std::move(done))).get();
  }
  r.with_extension(mine->wanted().plugin, mine->wanted().extension, [mine](const void* table, void* instance) { mine->run(table, instance); });
}

void live_calls::begin_all(runtime& r, std::vector<wish> all, std::function<void(const std::vector<outcome>&)> done) {
  struct round {
    runtime& at;
    live_calls& calls;
    std::vector<wish> left;  // The next one last.
    std::vector<outcome> said;
    std::function<void(const std::vector<outcome>&)> done;

    static void next(const std::shared_ptr<round>& self) {
      if (self->left.empty()) return self->done(self->said);
      wish w = std::move(self->left.back());
      self->left.pop_back();
      self->calls.begin(self->at, std::move(w), [self](const outcome& o) {
        self->said.push_back(o);
        next(self);
      });
    }
  };
  std::vector<wish> reversed(std::make_move_iterator(all.rbegin()), std::make_move_iterator(all.rend()));
  round::next(std::make_shared<round>(round{r, *this, std::move(reversed), {}, std::move(done)}));
}

}  // namespace tharsis::runtime
