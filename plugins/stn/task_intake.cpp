#include "plugins/stn/task_intake.h"

#include <algorithm>

#include "sdk/pure/mars_frame.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

std::vector<uint8_t> copy(tharsis_bytes b) {
  const auto bytes = view(b);
  return {bytes.begin(), bytes.end()};
}

constexpr uint32_t known_flags =
    THARSIS_STN_SEND_ONLY | THARSIS_STN_SENSITIVE | THARSIS_STN_ANY_REPEATS | THARSIS_STN_ANY_FLOW | THARSIS_STN_PARK | THARSIS_STN_LONG_POLL |
    THARSIS_STN_FAST | THARSIS_STN_DURABLE | THARSIS_STN_IMPATIENT;

// What a durable task cannot ask for: it may be sent by another process, where nobody is who could be asked.
const char* not_durable(const tharsis_stn_task& task) {
  if (task.key.size == 0) return "a durable task is sent again, by other processes too, so it needs a key";
  if (task.encode != nullptr || task.decode != nullptr) return "a durable task outlives its caller, so it has a body, and no `encode` or `decode`";
  if (task.connection != 0) return "a durable task outlives its connection, so it is bound to none";
  if ((task.flags & THARSIS_STN_SEND_ONLY) != 0) return "a durable task has an answer, so it cannot be sent without waiting for it";
  if ((task.flags & THARSIS_STN_SENSITIVE) != 0) return "a task that fails without a network is not durable";
  return nullptr;
}

// Wishes that cannot both be granted; null: there are none.
const char* contradiction(const tharsis_stn_task& task) {
  if ((task.flags & ~known_flags) != 0) return "a task's flags are THARSIS_STN_SEND_ONLY and the others of sdk/abi/stn.h, or 0";
  if (task.encode != nullptr && task.body.size > 0) return "a task has a body, or an `encode` that makes it, not both";
  if (task.decode != nullptr && (task.flags & THARSIS_STN_SEND_ONLY) != 0) return "a task that is only sent has no answer that `decode` could judge";
  if ((task.flags & THARSIS_STN_PARK) != 0 && task.key.size == 0) return "a task that may be parked is sent again, so it needs a key";
  if ((task.flags & THARSIS_STN_PARK) != 0 && (task.flags & THARSIS_STN_SENSITIVE) != 0) return "a task that fails without a network cannot wait for a better one";
  if ((task.flags & THARSIS_STN_DURABLE) != 0 && not_durable(task) != nullptr) return not_durable(task);
  if (task.retries < -1) return "a task's retries are a number, 0 for the profile's, or -1 for none";
  return nullptr;
}

}  // namespace

tharsis_status task_intake::check(const tharsis_stn_task& task, direction& to, tharsis_error* error) const {
  const std::string_view wanted = task.link.size == 0 ? "main" : view(task.link);
  if (task.done == nullptr)
    return fail(error, THARSIS_E_INVALID, "a task needs a `done` that is called with its answer");
  if (const char* mistake = contradiction(task); mistake != nullptr) return fail(error, THARSIS_E_INVALID, mistake);
  if (task.priority < THARSIS_STN_PRIORITY_MIN || task.priority > THARSIS_STN_PRIORITY_MAX)
    return fail(error, THARSIS_E_INVALID, "a task's priority is -2 to 3, not " + std::to_string(task.priority));
  if (task.command == 0 || task.command == mars::command_noop)
    return fail(error, THARSIS_E_INVALID, "a task's command must not be 0, nor 6, which is the heartbeat's");
  if (task.body.size > static_cast<size_t>(settings_.tasks.body_max))
    return fail(error, THARSIS_E_INVALID,
                "the body has " + std::to_string(task.body.size) + " bytes; tasks.body_max allows " +
                    std::to_string(settings_.tasks.body_max));
  if (task.key.size > mars::key_size_max)
    return fail(error, THARSIS_E_INVALID,
                "the key has " + std::to_string(task.key.size) + " bytes, at most " +
                    std::to_string(mars::key_size_max) + " are allowed");
  if (task.user.size > task_user_size_max)
    return fail(error, THARSIS_E_INVALID,
                "the user has " + std::to_string(task.user.size) + " bytes, at most " + std::to_string(task_user_size_max) + " are allowed");
  return find_ways(task, wanted, to, error);
}

tharsis_status task_intake::find_ways(const tharsis_stn_task& task, std::string_view wanted, direction& to, tharsis_error* error) const {
  const std::string_view named_host = THARSIS_HAS(&task, host) ? view(task.host) : std::string_view();
  to.link = names_.find(wanted);
  if (to.link == link_names::none) to.group = choice_.group_named(wanted);
  if ((task.channels & THARSIS_STN_MINOR) != 0) {
    auto minor = minors_.request_of(wanted, named_host);
    if (!minor) return fail(error, minor.failure());
    to.minor = std::move(*minor);
    to.minor.alone = task.channels == THARSIS_STN_MINOR;
    to.minor.otherwise = to.link;
  } else if (!named_host.empty()) {
    return fail(error, THARSIS_E_INVALID, "a task names a host for a minor link; add THARSIS_STN_MINOR to its channels");
  }
  if ((to.group != 0 || to.minor.pool != 0) && (task.order != 0 || task.connection != 0))
    return fail(error, THARSIS_E_INVALID, "a task over a group of links, or minor links, has no order and no connection: those are one link's");
  if (to.minor.pool != 0 && to.minor.alone) return THARSIS_OK;
  auto way = shorts_.request_of(task, wanted, to.link != link_names::none || to.group != 0);
  if (!way) return fail(error, way.failure());
  to.over = std::move(*way);
  return THARSIS_OK;
}

std::unique_ptr<request> task_intake::make(const tharsis_stn_task& task, tharsis_handle number, direction to) const {
  const bool durable = (task.flags & THARSIS_STN_DURABLE) != 0;
  auto r = std::make_unique<request>();
  r->id = number;
  r->command = task.command;
  r->priority = task.priority;
  r->flags = task.flags;
  r->retries = task.retries == 0 ? settings_.tasks.retries : std::max(task.retries, 0);
  r->bound = task.connection;
  r->order = durable ? 0 : task.order;  // The outbox keeps it, also from one try to the next.
  r->server_time = std::chrono::milliseconds(task.server_ms);
  r->user = view(task.user);
  r->body = copy(task.body);
  r->key = copy(task.key);
  r->since = instant_from(host_.loop->now(host_.loop->self));
  r->deadline = later(r->since, task.timeout_ms > 0 ? std::chrono::milliseconds(task.timeout_ms)
                                     : durable          ? settings_.outbox.ttl
                                                        : settings_.tasks.timeout);
  r->group = to.group;
  r->http = std::move(to.over);
  r->minor = std::move(to.minor);
  return r;
}

std::unique_ptr<kept_task> task_intake::keep(const tharsis_stn_task& task, const request& r) {
  kept_task k{.command = r.command, .flags = r.flags, .priority = r.priority, .retries = r.retries, .order = task.order,
              .server_time = r.server_time, .channels = task.channels, .link = std::string(task.link.size == 0 ? "main" : view(task.link)),
              .user = r.user, .path = std::string(view(task.path)),
              .host = std::string(THARSIS_HAS(&task, host) ? view(task.host) : std::string_view()), .headers = {}, .key = r.key, .body = r.body};
  for (size_t i = 0; i < task.header_count; ++i)
    k.headers.push_back({std::string(view(task.headers[i].name)), std::string(view(task.headers[i].value))});
  return std::make_unique<kept_task>(std::move(k));
}

result<std::unique_ptr<request>> task_intake::make_again(const kept_task& left) const {
  std::vector<tharsis_stn_header> headers;
  for (const auto& h : left.headers) headers.push_back({text_of(h.name), text_of(h.value)});
  tharsis_stn_task t{};
  t.size = sizeof t;
  t.command = left.command;
  t.flags = left.flags;
  t.body = bytes_of(left.body);
  t.key = bytes_of(left.key);
  t.priority = left.priority;
  t.user = text_of(left.user);
  t.channels = left.channels;
  t.path = text_of(left.path);
  t.header_count = static_cast<uint32_t>(headers.size());
  t.headers = headers.data();
  t.host = text_of(left.host);
  direction to;
  tharsis_error why = no_error();
  if (const tharsis_status s = find_ways(t, left.link, to, &why); s != THARSIS_OK) return error_from(s, why);
  auto r = make(t, 0, std::move(to));
  r->retries = left.retries;
  r->server_time = left.server_time;
  return r;
}

}  // namespace tharsis::stn
