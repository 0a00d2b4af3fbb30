#include "plugins/gateway/canary_door.h"

#include "plugins/gateway/core/canary.h"
#include "sdk/pure/address.h"

namespace tharsis::gateway {

error canary_door::open() {
  tharsis_error reason = no_error();
  const tharsis_status s = listener_.listen(where_, &reason);
  if (s == THARSIS_OK) return fine();
  const std::string what = "cannot serve canary pages on " + settings_.listen + ": ";
  if (s == THARSIS_E_IN_USE) return {s, what + "the port is taken. Stop what uses it, or set gateway.canary.listen to another port (0: any free one)"};
  return {s, what + reason.text};
}

task<void> canary_door::run() {
  while (!stopping_) {
    while (auto wire = listener_.open() ? listener_.accept() : nullptr)  // Who finds no place is not heard.
      if (connections_.size() < static_cast<size_t>(settings_.connections)) connections_.spawn(serve(std::move(wire)));
    co_await listener_.events().wait();
  }
  listener_.close();
  connections_.clear();
}

void canary_door::stop() {
  stopping_ = true;
  listener_.events().raise(stream::nudged);
}

std::string canary_door::endpoint_text() const { return "http://" + to_text(listener_.address()); }

task<void> canary_door::serve(std::unique_ptr<tcp_stream> wire) {
  http1_server_settings s;
  s.limits.body = 0;
  const http1_handler handler = [this](http1_exchange& x) { return handle(x); };
  co_await serve_http1(place_, std::move(wire), handler, s);
}

task<void> canary_door::handle(http1_exchange& x) {
  http1::request_head asked = x.request();
  asked.target = x.sent_target();
  canary_page page = canary_answer(asked, x.path(), x.peer(), settings_.key);
  http1::response_head head;
  head.status = page.status;
  // Whoever keeps it all the same is found out.
  head.fields = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}};
  co_await x.answer(std::move(head), std::move(page.body));
}

}  // namespace tharsis::gateway
