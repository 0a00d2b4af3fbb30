// Tasks, what is kept of them, streams, and what holds for all links together.
#include <algorithm>

#include "plugins/stn/configuration.h"
#include "plugins/stn/configuration_parts.h"

namespace tharsis::stn {
namespace {

void read_network_times(const host& from, const std::string& at, network_times& t) {
  t.first_byte = from.wait(at + "first_byte", t.first_byte);
  t.first_byte_max = from.wait(at + "first_byte_max", t.first_byte_max);
  t.first_byte_excellent = from.wait(at + "first_byte_excellent", t.first_byte_excellent);
  t.rate = from.whole(at + "rate", t.rate);
  t.each_ahead = from.wait(at + "each_ahead", t.each_ahead);
  t.gap = from.wait(at + "gap", t.gap);
}

}  // namespace

sync_settings read_sync(const host& from) {
  sync_settings s;
  s.account = from.wait("sync.account", s.account);
  s.no_account = from.wait("sync.no_account", s.no_account);
  s.inactive = from.wait("sync.inactive", s.inactive);
  s.no_network = from.whole("sync.no_network", s.no_network);
  return s;
}

activity_settings read_activity(const host& from) {
  activity_settings s;
  s.fresh = from.wait("activity.fresh", s.fresh);
  s.long_used = from.wait("activity.long", s.long_used);
  s.inactive = from.wait("activity.inactive", s.inactive);
  return s;
}

extra_settings read_extra(const host& from) {
  extra_settings s;
  s.in_all = from.whole("extra_connections.in_all", s.in_all);
  s.per_server = from.whole("extra_connections.per_server", s.per_server);
  s.metered = from.whole("extra_connections.metered", s.metered);
  return s;
}

breaker_settings read_breaker(const host& from) {
  breaker_settings s;
  s.use = from.flag("breaker.use", s.use);
  s.window = from.wait("breaker.window", s.window);
  s.least = from.whole("breaker.least", s.least);
  s.share = from.whole("breaker.share", s.share);
  s.open_min = from.wait("breaker.open_min", s.open_min);
  s.open_max = std::max(from.wait("breaker.open_max", s.open_max), s.open_min);
  s.probe = from.wait("breaker.probe", s.probe);
  return s;
}

weak_settings read_weak(const host& from) {
  weak_settings s;
  s.mark = from.wait("weak.mark", s.mark);
  s.slow_connect = from.wait("weak.slow_connect", s.slow_connect);
  s.slow_byte = from.wait("weak.slow_byte", s.slow_byte);
  s.slow_task = from.wait("weak.slow_task", s.slow_task);
  s.good_task = from.wait("weak.good_task", s.good_task);
  s.least = from.wait("weak.least", s.least);
  return s;
}

outbox_settings read_outbox_settings(const host& from) {
  outbox_settings s;
  s.use = from.text("outbox.use", "off") == "on";
  s.count = from.whole("outbox.count", s.count);
  s.bytes = from.whole("outbox.bytes", s.bytes);
  s.ttl = from.wait("outbox.ttl", s.ttl);
  s.sync_each = from.text("outbox.sync", "each") == "each";
  s.key_file = from.text("outbox.key_file");
  return s;
}

stream_settings read_streams(const host& from) {
  stream_settings s;
  s.use = from.text("streams.use", "on") == "on";
  if (from.text("streams.when") == "wifi") s.when_allowed = stream_settings::when::wifi;
  s.streams_max = from.whole("streams.streams_max", s.streams_max);
  s.memory_max = from.whole("streams.memory_max", s.memory_max);
  s.idle_after = from.wait("streams.idle_after", s.idle_after);
  s.move_patience = from.wait("streams.move_patience", s.move_patience);
  s.retry_after = from.wait("streams.retry_after", s.retry_after);
  s.retry_after_max = from.wait("streams.retry_after_max", s.retry_after_max);
  s.progress_every = from.wait("streams.progress_every", s.progress_every);
  s.pace.queue = from.wait("streams.queue", s.pace.queue);
  s.pace.flight_first = from.whole("streams.flight_first", s.pace.flight_first);
  s.pace.flight_min = from.whole("streams.flight_min", s.pace.flight_min);
  s.pace.flight_max = from.whole("streams.flight_max", s.pace.flight_max);
  return s;
}

task_settings read_tasks(const host& from) {
  task_settings s;
  s.timeout = from.wait("tasks.timeout", s.timeout);
  s.waiting_max = from.whole("tasks.waiting_max", s.waiting_max);
  s.body_max = from.whole("tasks.body_max", s.body_max);
  s.retries = from.whole("tasks.retries", s.retries);
  s.stop = from.wait("tasks.stop", s.stop);
  answer_time_settings& a = s.answer_times;
  read_network_times(from, "tasks.answers.fast.", a.fast);
  read_network_times(from, "tasks.answers.cellular.", a.cellular);
  a.response_size = from.whole("tasks.answers.response_size", a.response_size);
  a.ahead_max = from.whole("tasks.answers.ahead_max", a.ahead_max);
  s.repeats.most = from.whole("tasks.repeats.most", s.repeats.most);
  s.repeats.kept = from.whole("tasks.repeats.kept", s.repeats.kept);
  s.repeats.review = from.wait("tasks.repeats.review", s.repeats.review);
  s.repeats.fresh = from.wait("tasks.repeats.fresh", s.repeats.fresh);
  s.repeats.suspect = from.whole("tasks.repeats.suspect", s.repeats.suspect);
  s.repeats.suspect_as = from.whole("tasks.repeats.suspect_as", s.repeats.suspect_as);
  s.flow.capacity = from.whole("tasks.flow.capacity", s.flow.capacity);
  s.flow.drain = from.wait("tasks.flow.drain", s.flow.drain);
  s.flow.inactive_share = from.whole("tasks.flow.inactive_share", s.flow.inactive_share);
  s.flow.inactive_level = from.whole("tasks.flow.inactive_level", s.flow.inactive_level);
  if (const auto where = from.text("tasks.flow.on"); !where.empty()) s.flow.everywhere = where == "every";
  s.budget.use = from.flag("tasks.budget.use", s.budget.use);
  s.budget.share = from.whole("tasks.budget.share", s.budget.share);
  s.budget.idle_every = from.wait("tasks.budget.idle_every", s.budget.idle_every);
  s.budget.idle_most = from.whole("tasks.budget.idle_most", s.budget.idle_most);
  s.budget.most = from.whole("tasks.budget.most", s.budget.most);
  s.rest.use = from.flag("tasks.rest.use", s.rest.use);
  s.rest.most = from.wait("tasks.rest.most", s.rest.most);
  s.rest.jitter = from.whole("tasks.rest.jitter", s.rest.jitter);
  return s;
}

care_settings read_care(const host& tables) { return {read_tasks(tables), read_breaker(tables)}; }

}  // namespace tharsis::stn
