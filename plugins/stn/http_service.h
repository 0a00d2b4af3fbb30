// tharsis.http/1: calls come in from any strand, run here, and what becomes of them goes back to where they came from.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/http_call.h"
#include "plugins/stn/http_dialler.h"
#include "plugins/stn/http_inbox.h"
#include "sdk/abi/http.h"
#include "sdk/async/network_watch.h"

namespace tharsis::stn {

class http_service {
 public:
  // All of them outlive it. [own strand]
  http_service(strand& place, const host& tables, resolver& names, path_book& paths, breakers& servers, http_care::terms care, const http_settings& s);
  ~http_service();
  http_service(const http_service&) = delete;

  const tharsis_http* table() const { return &table_; }
  void start();
  // Every call has its end, every connection is closed. [own strand]
  void stop();

  size_t open_calls() const { return calls_.size(); }
  const http_connections& connections() const { return connections_; }
  const tls_sessions& sessions() const { return sessions_; }

 private:
  struct open_call;
  struct jar_shelf;

  tharsis_status submit(const tharsis_http_request& asked, tharsis_handle* id, tharsis_error* error);
  tharsis_status open_jar(tharsis_handle* jar, tharsis_error* error);
  result<std::unique_ptr<http_order>> order_of(const tharsis_http_request& asked) const;
  static void on_letter(void* context, http_letter l);
  void accept(std::unique_ptr<http_order> order);
  task<void> serve(open_call* call);
  task<void> pass_on(open_call* call, http_call* talk);
  void tell_head(open_call& call, http_call& talk, const http1::response_head& head);
  void end(open_call& call, tharsis_status status, std::string body, std::string reason);
  void forget(tharsis_handle id);
  task<void> reap();

  strand& place_;
  const host host_;
  const http_settings& settings_;
  proxy_choice proxies_;
  tls_sessions sessions_;
  http_dialler_of dialler_;
  http_connections connections_;
  http_care care_;
  const tharsis_http table_;
  inbox<http_letter> inbox_;
  const std::shared_ptr<http_back_door> door_;
  const std::shared_ptr<http_resumes> resumes_ = std::make_shared<http_resumes>(0);
  outbox<http_delivery> outbox_;
  network_watch network_;
  uint64_t generation_ = 0;
  std::atomic<tharsis_handle> last_id_ = 0;
  std::atomic<int64_t> open_ = 0;  // Calls accepted and not ended.
  std::atomic<int64_t> jars_open_ = 0;
  std::atomic<bool> stopping_ = false;
  std::map<tharsis_handle, std::shared_ptr<cookie_jar>> jars_;
  std::map<tharsis_handle, std::unique_ptr<open_call>> calls_;
  std::vector<tharsis_handle> over_;  // Calls whose task is about to return.
  signal reap_;
  task_set work_;
};

}  // namespace tharsis::stn
