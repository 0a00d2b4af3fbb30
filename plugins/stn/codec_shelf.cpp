#include "plugins/stn/codec_shelf.h"

#include "sdk/abi/registry.h"
#include "sdk/pure/framing.h"

namespace tharsis::stn {

error codec_shelf::watch(const std::string& name, codec_user& who) {
  const auto [at, is_new] = places_.try_emplace(name);
  place& p = at->second;
  if (is_new) {
    tharsis_error why = no_error();
    const tharsis_status watched =
        host_.registry->watch(host_.registry->self, codec_service(name).c_str(), &codec_shelf::on_service, &p, &why);
    if (watched != THARSIS_OK) p.trouble = error_from(watched, why);
  }
  p.users.push_back(&who);
  if (p.table != nullptr) who.on_codec(p.table);
  return p.trouble;
}

void codec_shelf::drop(codec_user& who) {
  for (auto& [name, p] : places_) std::erase(p.users, &who);
}

void codec_shelf::on_service(void* context, const void* table) {
  auto& p = *static_cast<place*>(context);
  p.table = static_cast<const tharsis_stn_codec*>(table);
  for (codec_user* const user : std::vector<codec_user*>(p.users)) user->on_codec(p.table);
}

}  // namespace tharsis::stn
