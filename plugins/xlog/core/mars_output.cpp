#include "plugins/xlog/core/line_output.h"
#include "plugins/xlog/core/mars_export.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

class mars_lines final : public line_output {
 public:
  explicit mars_lines(zone local) : out_(mars_writer::unsealed({}), std::move(local)) {}

  void add(byte_sink& to, const log_line& l) override {
    keep(out_.add(bytes_, record_of(l)));
    give(to);
  }
  error end(byte_sink& to) override {
    keep(out_.end(bytes_));
    give(to);
    return first_;
  }

 private:
  void keep(error failure) {
    if (first_.status == THARSIS_OK) first_ = std::move(failure);
  }
  void give(byte_sink& to) {
    append(to, bytes_);
    bytes_.clear();
  }

  mars_export out_;
  std::string bytes_;
  error first_{THARSIS_OK, {}};
};

}  // namespace

std::unique_ptr<line_output> mars_output(zone local) { return std::make_unique<mars_lines>(std::move(local)); }

}  // namespace tharsis::xlog
