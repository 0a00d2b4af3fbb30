// Format mars: lines as Mars writes them, in records that its decoders read.
#pragma once
#include <string>
#include <utility>

#include "plugins/xlog/core/line_form.h"
#include "plugins/xlog/core/mars_export.h"

namespace tharsis::xlog {

class mars_form final : public line_form {
 public:
  mars_form(mars_export lines, uint32_t process) : line_form(process), lines_(std::move(lines)) {}

 protected:
  error put(std::string& to, const record& r, const site*, std::span<const uint8_t>, uint32_t process) override {
    return lines_.add(to, r, process);
  }
  error close(std::string& to) override { return lines_.end(to); }

 private:
  mars_export lines_;
};

}  // namespace tharsis::xlog
