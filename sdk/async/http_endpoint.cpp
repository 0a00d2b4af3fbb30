#include "sdk/async/http_endpoint.h"

namespace tharsis {

task<result<http1_answer>> http_endpoint::exchange(http1_request request, size_t answer_max, instant deadline) {
  const bool repeatable = request.repeatable || http1::is_idempotent(request.head.method);
  std::unique_ptr<http1_client> client = take_kept();
  if (client != nullptr) {
    auto answer = co_await client->exchange_of(&request, answer_max, deadline);
    if (answer) keep(std::move(client));
    const bool dead = !answer && !client->heard() && answer.status() != THARSIS_E_INVALID && answer.status() != THARSIS_E_TIMEOUT;
    if (!dead) co_return answer;
    if (!repeatable)
      co_return error{answer.status(), answer.failure().text + "; nobody knows whether it was carried out"};
  }
  auto wire = co_await dial_(to_, deadline);
  if (!wire) co_return wire.failure();
  client = std::make_unique<http1_client>(place_, std::move(*wire), to_, limits_);
  auto answer = co_await client->exchange_of(&request, answer_max, deadline);
  if (answer) keep(std::move(client));
  co_return answer;
}

task<result<std::unique_ptr<http1_client>>> http_endpoint::connection(instant deadline) {
  if (auto kept = take_kept()) co_return kept;
  auto wire = co_await dial_(to_, deadline);
  if (!wire) co_return wire.failure();
  co_return std::make_unique<http1_client>(place_, std::move(*wire), to_, limits_);
}

void http_endpoint::keep(std::unique_ptr<http1_client> c) {
  if (!c->reusable()) return;
  kept_ = std::move(c);
  kept_until_ = later(place_.now(), kept_max);
}

std::unique_ptr<http1_client> http_endpoint::take_kept() {
  std::unique_ptr<http1_client> kept = std::move(kept_);
  return kept != nullptr && place_.now() < kept_until_ && kept->reusable() ? std::move(kept) : nullptr;
}

}  // namespace tharsis
