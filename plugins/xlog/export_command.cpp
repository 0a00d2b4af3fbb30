// `tharsis xlog export`: lines into a file, for other programs.
#include "plugins/xlog/read_run.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// A file that is made, and written in pieces; after a failure nothing more.
class made_file {
 public:
  made_file(const tharsis_files* files, std::string path) : files_(files), path_(std::move(path)) {}
  made_file(const made_file&) = delete;
  made_file& operator=(const made_file&) = delete;
  ~made_file() {
    if (file_ != 0) files_->close(files_->self, file_);
  }

  bool make() {
    tharsis_handle there = 0;
    if (files_->open(files_->self, text_of(path_), THARSIS_FILES_READ, &there, nullptr) == THARSIS_OK) {
      files_->close(files_->self, there);
      failure_ = {THARSIS_E_INVALID, path_ + " exists; remove it, or give another name"};
      return false;
    }
    return is_fine([&](tharsis_error* why) { return files_->open(files_->self, text_of(path_), THARSIS_FILES_APPEND, &file_, why); });
  }
  bool write(std::span<const uint8_t> bytes) {
    if (failure_.status != THARSIS_OK || bytes.empty()) return failure_.status == THARSIS_OK;
    return is_fine([&](tharsis_error* why) { return files_->append(files_->self, file_, bytes_of(bytes), why); });
  }
  const error& failure() const { return failure_; }
  // A part of it would be taken for the whole.
  void remove() {
    if (file_ == 0) return;
    files_->close(files_->self, std::exchange(file_, 0));
    files_->remove(files_->self, text_of(path_), nullptr);
  }

 private:
  template <class F>
  bool is_fine(F f) {
    tharsis_error why = no_error();
    const tharsis_status status = f(&why);
    if (status != THARSIS_OK) failure_ = error_from(status, why);
    return status == THARSIS_OK;
  }

  const tharsis_files* const files_;
  const std::string path_;
  tharsis_handle file_ = 0;
  error failure_{THARSIS_OK, {}};
};

class exported_lines final : public line_sink {
 public:
  exported_lines(const command_call& call, made_file& to, std::unique_ptr<line_output> form) : call_(call), to_(to), form_(std::move(form)) {
    form_->begin(out_);
  }
  void on_line(const log_line& l) override {
    form_->add(out_, l);
    ++lines;
    if (out_.size() >= written_at_once) write();
  }
  void on_damage(const read_source& from, const damage& d) override { call_.complain(damage_text(from, d)); }
  bool on_progress(const merged_lines&) override { return to_.failure().status == THARSIS_OK; }
  error end() {
    error failure = form_->end(out_);
    write();
    return failure.status != THARSIS_OK ? failure : to_.failure();
  }

  uint64_t lines = 0;

 private:
  static constexpr size_t written_at_once = 256 << 10;

  void write() {
    to_.write(out_.bytes());
    out_.clear();
  }

  const command_call& call_;
  made_file& to_;
  const std::unique_ptr<line_output> form_;
  byte_sink out_;
};

// Null: there is no such format here.
std::unique_ptr<line_output> form_of(const std::string& format) {
  if (format == "text") return text_output();
  if (format == "json") return json_output();
  if (format == "mars") return mars_output();
  return format == "csv" ? csv_output() : nullptr;
}

}  // namespace

int export_lines(const reading& r) {
  auto form = form_of(r.asked.to);
  if (!form) {
    r.call.complain("xlog export: format " + r.asked.to + " is not in this build");
    return 2;
  }
  read_run run(r, r.asked.wanted);
  if (!run.find()) return 2;
  made_file to(r.files, r.call.absolute(r.asked.output));
  if (!to.make()) {
    r.call.complain("xlog export: " + to.failure().text);
    return 2;
  }
  exported_lines lines(r.call, to, std::move(form));
  const bool all = run.run(lines);
  if (const error failure = lines.end(); failure.status != THARSIS_OK || !all) {
    to.remove();
    r.call.complain("xlog export: " + (failure.status != THARSIS_OK ? failure.text : std::string("stopped")) + "; nothing was exported");
    return 1;
  }
  r.call.print(std::to_string(lines.lines) + " lines written to " + r.asked.output);
  return run.code();
}

}  // namespace tharsis::xlog
