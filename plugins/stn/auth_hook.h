// The application's authentication, if somebody provides it: questions go out, words come back to the link
// that asked. What comes too late, or twice, finds nobody.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "plugins/stn/core/auth_exchange.h"
#include "sdk/async/host.h"

namespace tharsis::stn {

// Who asked.
class auth_asker {
 public:
  // Also inside ask().
  virtual void on_word(auth_word w) = 0;

 protected:
  ~auth_asker() = default;
};

class auth_hook {
 public:
  explicit auth_hook(const host& tables) : host_(tables) {}
  auth_hook(const auth_hook&) = delete;

  // `changed` is called when a provider has come or gone. The hook stays as long as the plugin.
  void open(std::function<void()> changed);
  void close() { changed_ = nullptr; }
  bool there() const { return table_ != nullptr; }

  // The word comes to `asker`, which outlives the question. Nothing comes after drop().
  tharsis_handle ask(const std::string& link, const std::string& user, const auth_exchange::question& q, auth_asker& asker);
  void drop(tharsis_handle question) { open_.erase(question); }

 private:
  struct open_question {
    auth_asker* asker;
    bool judge;
  };
  static void on_service(void* context, const void* table);
  static tharsis_status give(void* context, tharsis_handle question, const tharsis_stn_auth_word* word);

  const host host_;
  const tharsis_stn_auth* table_ = nullptr;
  std::function<void()> changed_;
  std::map<tharsis_handle, open_question> open_;
  tharsis_handle last_ = 0;
};

}  // namespace tharsis::stn
