// The codec of a short link: one of stn's own, or one that a plugin brings, which may come and go.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/codec_shelf.h"

namespace tharsis::stn {

class short_codec final : private codec_user {
 public:
  // `shelf` outlives it. `link` and `name`: of the link and of the codec.
  short_codec(codec_shelf& shelf, const std::string& link, const std::string& name);
  short_codec(const short_codec&) = delete;
  ~short_codec() { shelf_.drop(*this); }

  // Looks for it; `changed` is called whenever plugins bring or take it, also now. [own strand]
  void open(std::function<void()> changed);

  // Null while it is not there, and then why.
  const tharsis_stn_codec* table() const { return table_; }
  error trouble() const;

 private:
  void on_codec(const tharsis_stn_codec* table) override;

  codec_shelf& shelf_;
  const std::string link_, name_;
  const tharsis_stn_codec* table_;
  std::function<void()> changed_;
};

}  // namespace tharsis::stn
