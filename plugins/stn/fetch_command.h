// `tharsis stn fetch URL`: one HTTP request, for a person.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "plugins/stn/core/fetch_arguments.h"
#include "plugins/stn/http_call.h"
#include "plugins/stn/http_dialler.h"
#include "sdk/async/command.h"
#include "sdk/async/network_watch.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class fetch_command {
 public:
  fetch_command(const host& tables, strand& place) : place_(place), host_(tables), work_(place) {}

  // In the place of the plugin's start.
  void run(const command_call& call);
  void stop();

 private:
  struct file;
  task<void> work();
  task<error> read_data();
  task<error> fetch(http_call* talk);
  task<error> take_body(http_call* talk);
  task<error> write_out(std::string piece, bool begins, bool over);
  http_ask ask() const;
  void tell(http_call& talk, const error& end);
  std::string as_json(http_call& talk, const error& end) const;

  strand& place_;
  const host host_;
  std::optional<command_call> call_;
  fetch_arguments line_;
  http_settings settings_;
  std::optional<resolver> names_;
  proxy_choice proxies_;
  tls_sessions sessions_;
  breakers servers_{breaker_settings{}};
  const remedies asked_;  // Nobody asks for any here.
  std::optional<path_book> paths_;  // Of this run.
  std::optional<network_watch> network_;
  std::optional<http_dialler_of> dialler_;
  std::optional<http_connections> connections_;
  std::string data_;
  std::optional<http1::response_head> head_;
  std::string body_;
  uint64_t bytes_ = 0;
  task_set work_;
};

}  // namespace tharsis::stn
