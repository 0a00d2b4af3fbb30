#include "plugins/stn/shortlinks.h"

#include <algorithm>

#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr size_t headers_max = 64;

error wrong_task(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

// Those that say how long a body is, and whose connection it is, are the link's own.
bool is_ours(std::string_view name) {
  constexpr std::string_view ours[] = {"Content-Length", "Transfer-Encoding", "Host"};
  return std::any_of(std::begin(ours), std::end(ours), [&](std::string_view o) { return http1::same_name(o, name); });
}

}  // namespace

shortlinks::shortlinks(strand& place, const host& tables, http_surroundings around, codec_shelf& codecs, const std::vector<short_link_settings>& s,
                       shortlink::taker t, shortlink::asker ask, const short_care& care)
    : settings_(s) {
  for (const short_link_settings& l : s) links_.push_back(std::make_unique<shortlink>(place, tables, around, codecs, l, links_.size() + 1, t, ask, care));
}

result<short_request> shortlinks::request_of(const tharsis_stn_task& task, std::string_view name, bool long_link) const {
  constexpr uint32_t known = THARSIS_STN_LONG | THARSIS_STN_SHORT | THARSIS_STN_MINOR;
  short_request r;
  if ((task.channels & ~known) != 0) return wrong_task("a task's channels are THARSIS_STN_LONG, THARSIS_STN_SHORT and THARSIS_STN_MINOR, some of them, or 0");
  const auto at = std::find_if(settings_.begin(), settings_.end(), [&](const short_link_settings& l) { return l.name == name; });
  const bool wants_long = (task.channels & THARSIS_STN_LONG) != 0 || task.channels == 0;
  const bool wants_short = (task.channels & THARSIS_STN_SHORT) != 0 || (task.channels == 0 && !long_link);
  const bool short_link = wants_short && at != settings_.end();
  if (!short_link && !(wants_long && long_link))
    return error{THARSIS_E_NOT_FOUND, "there is no link '" + std::string(name) + "' for this task; the profile names its links under stn.links and stn.short_links"};
  if (!short_link) return r;
  r.link = static_cast<size_t>(at - settings_.begin()) + 1;
  r.only = !(wants_long && long_link);
  r.path = view(task.path);
  r.long_poll = (task.flags & THARSIS_STN_LONG_POLL) != 0;
  if (!r.path.starts_with('/')) return wrong_task("a task over a short link needs a path, like /mars/sendmessage");
  if ((task.flags & THARSIS_STN_SEND_ONLY) != 0)
    return wrong_task("an HTTP request has an answer, so a task over a short link cannot be sent without waiting for it");
  if (task.connection != 0) return wrong_task("a short link has no connection that a task could be bound to");
  if (task.order != 0 && !r.only)
    return wrong_task("a task with an order goes over one kind of link; its channels are THARSIS_STN_LONG or THARSIS_STN_SHORT");
  if (task.header_count > headers_max) return wrong_task("a task has at most " + std::to_string(headers_max) + " headers");
  for (size_t i = 0; i < task.header_count; ++i) {
    const std::string field(view(task.headers[i].name));
    if (is_ours(field)) return wrong_task("the header " + field + " is set by the short link itself; leave it out");
    r.headers.push_back({field, std::string(view(task.headers[i].value))});
  }
  const auto writable = http1::write_head(http1::request_head{"POST", r.path, r.headers});
  if (!writable) return writable.failure();
  return r;
}

bool shortlinks::take(std::unique_ptr<request>& r, bool up) {
  r->http.taken = r->http.link != 0 && (r->http.only || !up);
  if (!r->http.taken) return false;
  links_[r->http.link - 1]->submit(std::move(r));
  return true;
}

bool shortlinks::cancel(uint64_t id) {
  return std::any_of(links_.begin(), links_.end(), [&](const auto& link) { return link->cancel(id); });
}

void shortlinks::end_tasks(std::string_view name, const ending& why, std::string_view user) {
  for (const auto& link : links_)
    if (name.empty() || link->name() == name) link->end_tasks(why, user);
}

void shortlinks::hurry(std::string_view name, bool anew) {
  for (const auto& link : links_)
    if (name.empty() || link->name() == name) link->hurry(anew);
}

void shortlinks::send_again(const std::string& user) {
  for (const auto& link : links_) link->send_again(user);
}

void shortlinks::start() {
  for (const auto& link : links_) link->start();
}

void shortlinks::on_network(const tharsis_network_state& now) {
  for (const auto& link : links_) link->on_network(now);
}

void shortlinks::stop() {
  for (const auto& link : links_) link->stop();
}

task<void> shortlinks::wait_stopped(instant deadline) {
  for (const auto& link : links_) co_await link->wait_stopped(deadline);
}

}  // namespace tharsis::stn
