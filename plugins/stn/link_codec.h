// The codec of one link: one of stn's own, or one that a plugin brings, which may come and go.
#pragma once
#include <functional>

#include "plugins/stn/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/framing.h"

namespace tharsis::stn {

class link_codec {
 public:
  // `s` outlives it.
  link_codec(const host& tables, const link_settings& s);
  link_codec(const link_codec&) = delete;

  // Looks for it, and again whenever plugins bring or take it: then calls `changed`, after which the codec
  // that was there before is not used any more. [own strand]
  void open(std::function<void()> changed);

  // OK, or why the link must wait.
  const error& trouble() const { return trouble_; }
  // For one connection.
  result<framing> begin() const;

 private:
  static void on_service(void* context, const void* table);
  void look();

  const host host_;
  const link_settings& settings_;
  const tharsis_stn_codec* table_;
  error trouble_{THARSIS_OK, {}};
  std::function<void()> changed_;
};

}  // namespace tharsis::stn
