#include "runtime/terminal.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "runtime/os_terminal.h"
#include "sdk/pure/harmless.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {
constexpr int64_t plain_progress_interval = 1'000'000'000;  // A pipe gets a line a second at most.

// As much of the first line as fits into so many columns: a live line that wraps cannot be taken back.
std::string_view fitting(std::string_view line, size_t columns) {
  line = line.substr(0, line.find('\n'));
  for (size_t i = 0, used = 0; i < line.size(); ++i) {
    const bool begins_character = (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
    if (begins_character && used++ == columns) return line.substr(0, i);
  }
  return line;
}

std::string shown(std::string_view text, bool colours) { return colours ? harmless_painted(text) : harmless_lines(text); }
}

terminal::terminal(options o)
    : options_(std::move(o)),
      out_(options_.json ? stderr : stdout),
      live_(is_live_terminal(out_)),
      live_complaints_(is_live_terminal(stderr)),
      colours_(wants_colours(out_)),
      complaint_colours_(wants_colours(stderr)) {
  table_.size = sizeof table_;
  table_.self = this;
  table_.colours = [](void* self) -> int32_t { return of(self).colours_; };
  table_.complaint_colours = [](void* self) -> int32_t { return of(self).complaint_colours_; };
  table_.progress = [](void* self, tharsis_text line) { of(self).progress(view(line)); };
  table_.live = [](void* self, tharsis_text line) -> int32_t { return of(self).live(view(line)); };
  table_.print = [](void* self, tharsis_text text) { of(self).print(view(text)); };
  table_.json = [](void* self, tharsis_text object) { of(self).json(view(object)); };
  table_.complain = [](void* self, tharsis_text text) { of(self).complain(view(text)); };
  table_.finish = [](void* self, int32_t code) {
    {
      const std::lock_guard lock(of(self).mutex_);
      if (std::exchange(of(self).finished_, true)) return;
    }
    of(self).options_.on_finish(code);
  };
}

// [mutex held]
void terminal::clear_live_line() {
  FILE* const on = std::exchange(live_line_, nullptr);
  if (on == nullptr) return;
  std::fputs("\r\x1b[K", on);
  std::fflush(on);
}

// [mutex held]
void terminal::show_live_line(FILE* on, std::string_view line) {
  clear_live_line();
  if (line.empty()) return;
  const std::string_view shown = fitting(line, terminal_width(on) - 1);
  std::fwrite(shown.data(), 1, shown.size(), on);
  std::fflush(on);
  live_line_ = on;
}

bool terminal::live(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (live_complaints_ && !closed_) show_live_line(stderr, shown(line, complaint_colours_));
  return live_complaints_;
}

void terminal::print(std::string_view text) {
  int failure = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || deaf_) return;
    clear_live_line();
    std::fwrite(text.data(), 1, text.size(), out_);
    if (!text.ends_with('\n')) std::fputc('\n', out_);
    if (std::fflush(out_) == 0) return;
    failure = errno;
    deaf_ = true;
  }
  // Who closes a pipe has read enough, and knows it.
  if (failure != EPIPE) complain("tharsis: what is printed cannot be written: " + std::generic_category().message(failure));
  table_.finish(this, 1);
}

void terminal::progress(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (live_) {
    show_live_line(out_, shown(line, colours_));
  } else {
    const int64_t now = options_.now();
    if (last_progress_ != 0 && now - last_progress_ < plain_progress_interval) return;
    last_progress_ = now;
    const std::string plain = shown(line, colours_);
    std::fwrite(plain.data(), 1, plain.size(), out_);
    std::fputc('\n', out_);
  }
  std::fflush(out_);
}

void terminal::complain(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear_live_line();
  std::fflush(out_);
  const std::string harmless = shown(text, complaint_colours_);
  std::fwrite(harmless.data(), 1, harmless.size(), stderr);
  if (!text.ends_with('\n')) std::fputc('\n', stderr);
}

void terminal::json(std::string_view object) {
  const std::lock_guard lock(mutex_);
  json_ = object;
}

void terminal::close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closed_, true)) return;
  clear_live_line();
  std::fflush(out_);
  if (options_.json && !json_.empty()) {
    std::fwrite(json_.data(), 1, json_.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
  }
}

}  // namespace tharsis::runtime
