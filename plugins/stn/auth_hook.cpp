#include "plugins/stn/auth_hook.h"

#include <utility>

namespace tharsis::stn {

void auth_hook::open(std::function<void()> changed) {
  changed_ = std::move(changed);
  tharsis_error why = no_error();
  if (host_.registry->watch(host_.registry->self, THARSIS_STN_AUTH_ID, on_service, this, &why) != THARSIS_OK)
    host_.warning("links come up without the application's authentication: " + std::string(why.text));
}

void auth_hook::on_service(void* context, const void* table) {
  auto& self = *static_cast<auth_hook*>(context);
  self.table_ = static_cast<const tharsis_stn_auth*>(table);
  for (const auto& [number, q] : std::exchange(self.open_, {}))
    q.asker->on_word({q.judge ? uint32_t{THARSIS_STN_AUTH_AGAIN} : uint32_t{THARSIS_STN_AUTH_LATER}, 0, {}, {}, "who knew how has gone"});
  if (self.changed_) self.changed_();
}

tharsis_handle auth_hook::ask(const std::string& link, const std::string& user, const auth_exchange::question& q,
                              auth_asker& asker) {
  if (table_ == nullptr) {
    asker.on_word({q.judge ? uint32_t{THARSIS_STN_AUTH_REFUSED} : uint32_t{THARSIS_STN_AUTH_LATER}, 0, {}, {}, "who knew how has gone"});
    return 0;
  }
  const tharsis_handle number = ++last_;
  open_[number] = {&asker, q.judge};
  const tharsis_stn_auth_question asked{sizeof asked, q.attempt, text_of(link), text_of(user), bytes_of(q.answer), give, this,
                                        number, host_.loop->current(host_.loop->self)};
  (q.judge ? table_->judge : table_->begin)(table_->self, &asked);
  return number;
}

tharsis_status auth_hook::give(void* context, tharsis_handle question, const tharsis_stn_auth_word* word) {
  auto& self = *static_cast<auth_hook*>(context);
  const auto found = self.open_.find(question);
  if (found == self.open_.end()) return THARSIS_E_GONE;
  const auto body = view(word->body);
  auth_word w{word->kind, word->command, std::chrono::milliseconds(word->retry_after_ms), {body.begin(), body.end()},
              std::string(view(word->reason))};
  const open_question q = found->second;
  if (!auth_exchange::fits(q.judge, w)) return THARSIS_E_INVALID;
  self.open_.erase(found);
  q.asker->on_word(std::move(w));
  return THARSIS_OK;
}

}  // namespace tharsis::stn
