// The codec of one link: one of stn's own, or one that a plugin brings, which may come and go.
#pragma once
#include <functional>

#include "plugins/stn/codec_shelf.h"
#include "plugins/stn/core/settings.h"
#include "sdk/pure/framing.h"

namespace tharsis::stn {

class link_codec final : private codec_user {
 public:
  // Both outlive it.
  link_codec(codec_shelf& shelf, const link_settings& s);
  link_codec(const link_codec&) = delete;
  ~link_codec() { shelf_.drop(*this); }

  // Looks for it, and again whenever plugins bring or take it: then calls `changed`, after which the codec
  // that was there before is not used any more. [own strand]
  void open(std::function<void()> changed);

  // The settings name another one, or say something else of it. [own strand]
  void reopen();

  // OK, or why the link must wait.
  const error& trouble() const { return trouble_; }
  // For one connection.
  result<framing> begin() const;

 private:
  void on_codec(const tharsis_stn_codec* table) override;
  void look();

  codec_shelf& shelf_;
  const link_settings& settings_;
  const tharsis_stn_codec* table_;
  error trouble_{THARSIS_OK, {}};
  std::function<void()> changed_;
};

}  // namespace tharsis::stn
