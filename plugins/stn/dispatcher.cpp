#include "plugins/stn/dispatcher.h"

#include <array>

#include "plugins/stn/core/network_status.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/sha256.h"

namespace tharsis::stn {
namespace {

// By it the server knows this instance again on its next connection: 32 hexadecimal digits.
std::string make_client_id(const tharsis_random& random) {
  std::array<uint8_t, 16> bytes{};
  random.fill(random.self, bytes.data(), bytes.size());
  return hex_text(bytes);
}

// The whole of a durable task, for another process.
kept_task kept_of(const tharsis_stn_task& task, const request& r) {
  kept_task k{.command = r.command, .flags = r.flags, .priority = r.priority, .retries = r.retries, .order = task.order,
              .server_time = r.server_time, .channels = task.channels, .link = std::string(task.link.size == 0 ? "main" : view(task.link)),
              .user = r.user, .path = std::string(view(task.path)),
              .host = std::string(THARSIS_HAS(&task, host) ? view(task.host) : std::string_view()), .headers = {}, .key = r.key, .body = r.body};
  for (size_t i = 0; i < task.header_count; ++i)
    k.headers.push_back({std::string(view(task.headers[i].name)), std::string(view(task.headers[i].value))});
  return k;
}

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

// FNV-1a: equal requests of equal users are found by it; nothing worse happens than that two are taken for one.
uint64_t fingerprint(const request& r, const std::vector<uint8_t>& body) {
  uint64_t h = 0xcbf29ce484222325;
  const auto add = [&h](const auto& bytes) {
    for (const auto b : bytes) h = (h ^ static_cast<uint8_t>(b)) * 0x100000001b3;
    h = (h ^ bytes.size()) * 0x100000001b3;
  };
  add(r.user);
  add(body);
  return h ^ r.command;
}

// What a task's end says of the network. Large answers need their time, and servers what they asked for.
weak_network::task_end sign_of(const request& r, const task_profile& p) {
  const task_times& t = r.times;
  const duration waited = std::max(t.first_byte - r.server_time, duration::zero());
  const bool small = p.answer_size <= 64 * 1024;
  const bool failed = p.why == THARSIS_STN_NO_FIRST_BYTE || p.why == THARSIS_STN_STALLED || p.why == THARSIS_STN_NOT_WHOLE || p.why == THARSIS_STN_LOST;
  return {p.status == THARSIS_OK, failed, small ? waited + t.rest : waited, waited, small ? t.rest : duration::zero()};
}

// The server keeps answers by key, so what is to be answered anew needs another one.
std::vector<uint8_t> next_key(const std::vector<uint8_t>& key, uint32_t number) {
  sha256_sum sum;
  sum.add(key.data(), key.size());
  sum.add(&number, sizeof number);
  const std::string digits = sum.hex();
  return {digits.begin(), digits.end()};
}

}  // namespace

dispatcher::dispatcher(strand& place, const host& tables, const settings& s, const link_events& events, kept files)
    : place_(place),
      host_(tables),
      settings_(s),
      events_(events),
      counts_(tables),
      ways_(place, tables, names_, counts_, {std::move(files.addresses), std::move(files.segments)}, s.breaker),
      codecs_(tables),
      client_id_(make_client_id(*tables.random)),
      memory_(place, tables, std::move(files.intervals)),
      weakness_(place, tables, std::move(files.lanes)),
      book_(place, tables, std::move(files.book)),
      auth_(tables),
      route_(tables),
      use_(s.activity),
      pushes_(place, tables, names_),
      weak_(place, s.weak, events, [this] { on_weak(); }),
      traffic_(counts_.traffic_by),
      links_({place, host_, ways_, codecs_, client_id_, events, pushes_, counts_, memory_, book_, auth_, *this, use_, company_, weak_, traffic_, s.streams, weakness_, s.tasks}, names_, s.tasks.answer_times),
      choice_(s.groups, links_),
      minors_(s, links_),
      shorts_(place, tables, {ways_.names(), ways_.proxies(), ways_.sessions(), ways_.paths()}, codecs_, s.short_links,
              [this](answer a) {
                const size_t link = a.of->http.partner;
                take(std::move(a), link);
              },
              [this](const encode_wish& wish) { ask(wish, link_names::none); },
              {s.tasks.rest, s.tasks.budget, s.breaker, counts_.requests.busy, counts_.requests.no_budget, counts_.servers_left_alone,
               [this](const server_word& w) { events_.on_server(w); }}),
      open_(std::make_shared<open_tasks>(s.tasks.waiting_max, inbox_)),
      inbox_(*tables.loop, &dispatcher::on_letter, this),
      outbox_(place),
      limits_(s.tasks.repeats, s.tasks.flow),
      news_(place, tables, s.sync, use_, [this] { return overall(); }),
      network_(*tables.network),
      own_strand_(tables.loop->current(tables.loop->self)) {
  for (const link_settings& l : s.links) links_.add(l);
  if (s.outbox.use && !files.outbox.empty()) make_desk(std::move(files.outbox));
}

void dispatcher::make_desk(std::string file) {
  outbox_desk::services does;
  does.send = [this](std::unique_ptr<request> r, const std::string& link) { admit(std::move(r), names_.find(link)); };
  does.tell = [this](answer a) {
    const size_t link = a.of->sends > 0 ? a.of->http.partner : link_directory::none;
    hand_over(std::move(a), link);
  };
  does.revive = [this](const kept_task& left) { return revive(left); };
  does.forget = [this](const request& r) {
    open_->close(r.id);
    counts_.tasks_open.add(-1);
  };
  does.cancel = [this](tharsis_handle id) { withdraw(id); };
  does.open = [this](const std::string& client) {
    if (!client.empty()) client_id_ = client;  // Whose keys these are.
    start_links();
  };
  desk_.emplace(place_, host_, settings_.outbox, std::move(file), client_id_, open_, std::move(does));
}

void dispatcher::on_weak() {
  book_.touch();
  ways_.paths().on_weak(weak_.now().weak());
}

void dispatcher::start() {
  if (!desk_) return start_links();
  desk_->start();
}

void dispatcher::start_links() {
  if (stopping_) return;
  started_ = true;
  network_.open([this](const tharsis_network_state& now) {
    network_there_ = now.type != THARSIS_NETWORK_NONE;
    ways_.on_network(now);
    limits_.on_network(now.type == THARSIS_NETWORK_CELLULAR);
    limits_.on_active(now.foreground != 0, place_.now());
    use_.on_foreground(now.foreground != 0, place_.now());
    weak_.on_foreground(now.foreground != 0);
    if (std::exchange(generation_, now.generation) != now.generation) weak_.on_network();
    traffic_.on_network(now.type);
    for (longlink* link : links_.all()) link->on_network(now);
    shorts_.on_network(now);
    news_.on_network(now);
  });
  weak_.start();
  ways_.open();
  ways_.heals().open([this](const std::string& sentence, bool anew) {
    for (longlink* link : links_.all()) link->on_healing(sentence, anew);
  });
  const auto recall = [this] {
    for (longlink* link : links_.all()) link->recall();
  };
  memory_.open(recall);
  weakness_.open(recall);
  route_.open();
  auth_.open([this] {
    for (longlink* link : links_.all()) link->on_auth_provider();
  });
  for (longlink* link : links_.all()) link->start();
  shorts_.start();
  news_.start();
  book_.open([this] { return report(); });
}

longlink& dispatcher::open_link(const link_settings& s) {
  longlink& link = links_.add(s);
  begin(link);
  return link;
}

// Before the links start it starts with them.
void dispatcher::begin(longlink& link) {
  if (!started_) return;
  network_.ask([&link](const tharsis_network_state& now) { link.on_network(now); });
  link.recall();
  link.on_healing({}, false);
  link.start();
}

void dispatcher::change(const std::vector<link_settings>& before, const std::vector<link_settings>& now) {
  if (stopping_) return;  // Its links are being seen off.
  const auto named = [](const std::vector<link_settings>& all, const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const link_settings& l) { return l.name == name; });
  };
  for (const link_settings& l : before) {
    const longlink* const link = named(now, l.name) ? nullptr : links_.named(l.name);
    if (link == nullptr) continue;
    links_.remove(link->number(), {THARSIS_STN_WHY_REMOVED, THARSIS_E_CANCELLED, "the profile does not name it any more"},
                  {THARSIS_E_GONE, THARSIS_STN_LINK_REMOVED, "the profile does not name the task's link any more"});
  }
  for (const link_settings& l : now) {
    longlink* const link = links_.named(l.name);
    if (link != nullptr)
      links_.change(*link, l);
    else
      open_link(l);
  }
  news_.touch();
  book_.touch();
}

tharsis_status dispatcher::check(const tharsis_stn_task& task, direction& to, tharsis_error* error) const {
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

tharsis_status dispatcher::find_ways(const tharsis_stn_task& task, std::string_view wanted, direction& to, tharsis_error* error) const {
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

tharsis_status dispatcher::submit(const tharsis_stn_task& task, tharsis_handle* id, tharsis_error* error) {
  direction to;
  if (const tharsis_status s = check(task, to, error); s != THARSIS_OK) return counts_.tasks_refused.add(), s;
  const tharsis_handle strand = host_.loop->current(host_.loop->self);
  if (strand == 0)
    return refuse(error, THARSIS_E_INVALID, "tasks are started on a strand, where their answers can go");
  if (stopping_) return refuse(error, THARSIS_E_GONE, "stn is stopping");
  const bool durable = (task.flags & THARSIS_STN_DURABLE) != 0;
  if (durable && !desk_) return refuse(error, THARSIS_E_UNSUPPORTED, "there is no outbox for durable tasks; set outbox.use: on");
  tharsis_handle number = 0;
  if (!open_->open(number))
    return refuse(error, THARSIS_E_BUSY,
                  std::to_string(settings_.tasks.waiting_max) +
                      " tasks wait already (tasks.waiting_max); try again after an answer");
  const size_t link = to.link;
  auto r = make(task, number, std::move(to));
  r->from = {strand, task.context, task.done, task.encode, task.decode, THARSIS_HAS(&task, on_disk) ? task.on_disk : nullptr};
  if (durable) r->kept = std::make_unique<kept_task>(kept_of(task, *r));
  if (id != nullptr) *id = number;  // Before the answer can come on another thread.
  if (strand == own_strand_) return accept(std::move(r), link), THARSIS_OK;
  if (inbox_.send({letter::kind::start, link, number, std::move(r)}) == THARSIS_OK) return THARSIS_OK;
  open_->close(number);
  return refuse(error, THARSIS_E_GONE, "stn has stopped");
}

std::unique_ptr<request> dispatcher::make(const tharsis_stn_task& task, tharsis_handle number, direction to) const {
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

// What an earlier process has left, for nobody here.
result<std::unique_ptr<request>> dispatcher::revive(const kept_task& left) {
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
  tharsis_handle number = 0;
  if (!open_->open(number)) return error{THARSIS_E_BUSY, "too many tasks wait already (tasks.waiting_max)"};
  counts_.tasks_accepted.add();
  counts_.tasks_open.add(1);
  auto r = make(t, number, std::move(to));
  r->retries = left.retries;
  r->server_time = left.server_time;
  return r;
}

tharsis_status dispatcher::refuse(tharsis_error* error, tharsis_status status, const std::string& reason) const {
  counts_.tasks_refused.add();
  return fail(error, status, reason);
}

void dispatcher::cancel(tharsis_handle id) { inbox_.send({letter::kind::cancel, 0, id}); }
void dispatcher::clear(tharsis_text link, tharsis_text user) { say(letter::kind::clear, link, user); }
void dispatcher::redo(tharsis_text link) { say(letter::kind::redo, link); }
void dispatcher::touch(tharsis_text link) { say(letter::kind::touch, link); }
void dispatcher::reset(tharsis_text link) { say(letter::kind::reset, link); }

void dispatcher::say(letter::kind what, tharsis_text link, tharsis_text user) {
  letter l;
  l.what = what;
  l.name = view(link);
  l.text = view(user);
  inbox_.send(std::move(l));
}

void dispatcher::on_letter(void* context, letter l) {
  auto& self = *static_cast<dispatcher*>(context);
  switch (l.what) {
    case letter::kind::start: return self.accept(std::move(l.of), l.link);
    case letter::kind::cancel: return self.withdraw(l.id);
    case letter::kind::again: return self.try_again(std::move(l.of), l.number, l.link);
    case letter::kind::ended: return self.on_judged(l);
    case letter::kind::encoded:
      return self.on_made(l.id, l.number, l.link, l.short_link,
                          l.status == THARSIS_OK ? result<std::vector<uint8_t>>(std::move(l.body)) : error{l.status, std::move(l.text)});
    case letter::kind::go: return self.let_go(l.link);
    case letter::kind::clear:
    case letter::kind::redo:
    case letter::kind::touch:
    case letter::kind::reset: return self.on_said(l);
    default:
      if (self.desk_) self.desk_->on_letter(std::move(l));
      return;
  }
}

// To the long and the short links that are meant.
void dispatcher::on_said(const letter& l) {
  for (longlink* link : links_.all())
    if (is_meant(l.name, *link)) on_said(l, *link);
  if (l.what == letter::kind::clear || l.what == letter::kind::reset) {
    shorts_.end_tasks(l.name, {THARSIS_E_CANCELLED, THARSIS_STN_CLEARED, "the tasks were cleared"}, l.text);
    clear_judged(l.name, l.text);
    if (desk_) desk_->clear(l.name, l.text);
  }
  if (l.what != letter::kind::clear && desk_) desk_->hurry();
  if (l.what != letter::kind::clear) shorts_.hurry(l.name, l.what != letter::kind::touch);
}

// By its own name, its group's, or none.
bool dispatcher::is_meant(std::string_view name, const longlink& link) const {
  return name.empty() || link.name() == name || choice_.is_in(name, link);
}

void dispatcher::on_said(const letter& l, longlink& link) {
  if (l.what == letter::kind::touch) return link.touch();
  if (l.what != letter::kind::redo) link.end_tasks({THARSIS_E_CANCELLED, THARSIS_STN_CLEARED, "the tasks were cleared"}, l.text);
  if (l.what != letter::kind::clear) link.reconnect("the application wanted another connection");
}

void dispatcher::clear_judged(std::string_view name, std::string_view user) {
  for (auto& [id, j] : judged_) {
    const longlink* const link = links_.at(j.link);
    const bool over_it = !j.short_link.empty() ? j.short_link == name : link != nullptr && is_meant(name, *link);
    j.withdrawn = j.withdrawn || ((name.empty() || over_it) && (user.empty() || j.user == user));
  }
}

void dispatcher::accept(std::unique_ptr<request> r, size_t link) {
  counts_.tasks_accepted.add();
  counts_.tasks_open.add(1);
  if (r->kept != nullptr) return desk_->keep(std::move(r));
  admit(std::move(r), link);
}

void dispatcher::admit(std::unique_ptr<request> r, size_t link) {
  if (stopping_) return end(std::move(r), THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stn is stopping", link);
  if (const auto* s = stopped_.find(r->command, r->user, place_.now()))
    return tell({std::move(r), THARSIS_E_REFUSED, s->body, "the server wants no more of these for now", THARSIS_STN_STOPPED_COMMAND, s->code}, link);
  const bool settled = (r->http.link != 0 && r->http.only) || r->minor.pool != 0;
  if (settled || !route_.there()) return go(std::move(r), link);
  const longlink* const named = links_.at(link);
  if (named == nullptr && r->group == 0) return go(std::move(r), link);
  const auto name = route_.route(*r, named != nullptr ? named->name() : choice_.name_of(r->group));
  if (!name) return end(std::move(r), name.status(), THARSIS_STN_NOT_ROUTED, name.failure().text, link);
  const size_t other = names_.find(*name);
  r->group = other == link_names::none ? choice_.group_named(*name) : 0;
  if (other == link_names::none && r->group == 0)
    return end(std::move(r), THARSIS_E_NOT_FOUND, THARSIS_STN_NOT_ROUTED, "the application wants the task on link '" + *name + "', which there is not", link);
  if (r->group != 0 && (r->order != 0 || r->bound != 0))
    return end(std::move(r), THARSIS_E_INVALID, THARSIS_STN_NOT_ROUTED,
               "the application wants the task over the group '" + *name + "', and it has an order or a connection: those are one link's", link);
  go(std::move(r), other);
}

void dispatcher::go(std::unique_ptr<request> r, size_t link) {
  const bool has_body = r->from.encode == nullptr;  // Else it is counted when it is made.
  if (auto refused = has_body ? over_limits(*r, r->body) : std::nullopt) return end(std::move(r), refused->status, refused->why, std::move(refused->reason), link);
  carry(std::move(r), link);
}

std::optional<ending> dispatcher::over_limits(const request& r, const std::vector<uint8_t>& body) {
  // The outbox has its own bounds, and sends again what must not be counted again.
  if (!limits_.on() || r.entry != 0) return std::nullopt;
  switch (limits_.check(fingerprint(r, body), body.size(), r.has(THARSIS_STN_ANY_REPEATS), r.has(THARSIS_STN_ANY_FLOW), place_.now())) {
    case task_limits::verdict::fine: break;
    case task_limits::verdict::repeated:
      return ending{THARSIS_E_BUSY, THARSIS_STN_REPEATED_TOO_OFTEN,
                    "the same request came more than " + std::to_string(settings_.tasks.repeats.most) + " times (tasks.repeats.most)"};
    case task_limits::verdict::flood:
      return ending{THARSIS_E_BUSY, THARSIS_STN_FLOOD, "requests have filled the " + std::to_string(settings_.tasks.flow.capacity) + " bytes of tasks.flow.capacity"};
  }
  return std::nullopt;
}

void dispatcher::carry(std::unique_ptr<request> r, size_t link) {
  if (r->minor.pool != 0) {
    if (longlink* const minor = minor_for(r->minor)) return minor->submit(std::move(r));
    if (r->minor.alone)
      return end(std::move(r), THARSIS_E_BUSY, THARSIS_STN_MINOR_BUSY, "each minor link that the profile allows is busy with another host's tasks", link);
    link = r->minor.otherwise;
  }
  if (r->group != 0) link = choice_.choose(r->group);
  longlink* const way = links_.at(link);
  const bool is_up = way != nullptr && way->state() == THARSIS_STN_UP;
  const bool could_be = way != nullptr && r->http.link != 0 && !r->http.only;
  r->http.partner = link;
  if (shorts_.take(r, is_up && !(r->has(THARSIS_STN_FAST) && way->unanswered() > 0))) {
    if (could_be) way->want();  // The next one may go over it.
    return;
  }
  if (way != nullptr) return way->submit(std::move(r));
  end(std::move(r), THARSIS_E_GONE, THARSIS_STN_LINK_REMOVED, "the task's link was removed before its turn came", link);
}

longlink* dispatcher::minor_for(const minor_request& r) {
  bool is_new = false;
  longlink* const link = minors_.choose(r, is_new);
  if (link != nullptr && is_new) {
    link->want();
    begin(*link);
  }
  return link;
}

// Unless a task has come since.
void dispatcher::let_go(size_t link) {
  const longlink* const minor = links_.at(link);
  if (minor == nullptr || stopping_ || !minors_.may_go(*minor)) return;
  minors_.remove(link, "no task has needed it for a while");
  news_.touch();
  book_.touch();
}

void dispatcher::withdraw(tharsis_handle id) {
  if (desk_ && desk_->cancel(id)) return;
  if (const auto found = judged_.find(id); found != judged_.end()) {
    found->second.withdrawn = true;
    return;
  }
  for (longlink* link : links_.all())
    if (link->cancel(id)) return;
  shorts_.cancel(id);
}

void dispatcher::ask(const encode_wish& wish, size_t link) {
  const std::string& name = wish.short_link != 0 ? shorts_.at(wish.short_link).name() : links_.at(link)->name();
  if (wish.from.strand == own_strand_) return on_made(wish.id, wish.connection, link, wish.short_link, encoded(wish, name));
  outbox_.send(wish.from.strand, task_delivery(wish, name, link, open_));
}

// A caller has made the body of its task.
void dispatcher::on_made(uint64_t id, uint32_t connection, size_t link, size_t short_link, result<std::vector<uint8_t>> body) {
  longlink* const way = links_.at(link);
  if (short_link == 0 && way == nullptr) return;
  const request* const r = short_link != 0 ? shorts_.at(short_link).find(id) : way->find(id);
  if (r == nullptr) return;
  uint32_t why = THARSIS_STN_NOT_ENCODED;
  if (body && !r->counted)
    if (auto refused = over_limits(*r, *body)) {
      why = refused->why;
      body = error{refused->status, std::move(refused->reason)};
    }
  if (short_link != 0) shorts_.at(short_link).on_encoded(id, connection, std::move(body), why);
  else way->on_encoded(id, connection, std::move(body), why);
}

void dispatcher::take(answer a, size_t link) {
  if (a.of->entry != 0) return desk_->on_end(std::move(a));
  const tharsis_handle to = a.of->from.strand;
  if (a.status == THARSIS_OK && a.of->is_judged()) {
    judged_.emplace(a.of->id, judged{link, a.of->http.taken ? shorts_.at(a.of->http.link).name() : std::string(), a.of->user});
    a.of->aside_at = place_.now();
    return outbox_.send(to, task_delivery(std::move(a), link, open_));
  }
  if (to != own_strand_) return tell(std::move(a), link);
  close(a, link);
  tell_end(*a.of, a.status, a.why, a.body, a.reason);
}

void dispatcher::on_state(size_t link) {
  news_.touch();
  longlink* const changed = links_.at(link);
  if (changed == nullptr || stopping_) return;
  if (minors_.may_go(*changed)) {
    letter l;
    l.what = letter::kind::go;
    l.link = link;
    inbox_.send(std::move(l));  // It is not to be destroyed in the middle of what it does.
  }
  for (auto& r : choice_.on_state(*changed)) carry(std::move(r), link);
}

void dispatcher::close(const answer& a, size_t link) {
  count(*a.of, {{}, a.reason, 0, a.status, a.why, a.code, false, a.body.size(), {}}, link);
  open_->close(a.of->id);
}

void dispatcher::count(const request& r, const task_profile& p, size_t link) {
  task_profile all = p;
  all.took = place_.now() - r.since;
  counts_.on_answer(p.status, all.took);
  if (!r.has(THARSIS_STN_SEND_ONLY) && !r.http.long_poll) weak_.on_task(sign_of(r, p));
  all.weak = weak_.now().weak();
  const bool minor = r.minor.pool != 0 && link != r.minor.otherwise;
  all.channel = r.http.taken ? uint32_t{THARSIS_STN_SHORT} : minor ? uint32_t{THARSIS_STN_MINOR} : uint32_t{THARSIS_STN_LONG};
  if (const longlink* by = links_.at(link); by != nullptr) all.link = by->name();
  if (r.http.taken) all.link = shorts_.at(r.http.link).name();
  events_.on_task(r, all);
}

// Where nobody is any more, nobody hears it.
void dispatcher::tell(answer a, size_t link) {
  if (a.of->entry != 0) return desk_->on_end(std::move(a));
  hand_over(std::move(a), link);
}

void dispatcher::hand_over(answer a, size_t link) {
  close(a, link);
  const tharsis_handle to = a.of->from.strand;
  outbox_.send(to, a.of->entry != 0 ? task_delivery(std::move(a), open_) : task_delivery(std::move(a)));
}

tharsis_status dispatcher::adopt(const tharsis_stn_adopter& adopter, tharsis_handle* adoption, tharsis_error* error) {
  if (adopter.told == nullptr) return fail(error, THARSIS_E_INVALID, "an adopter needs a `told` that is called with the answers");
  auto to = std::make_shared<outbox_taker>();
  to->id = takers_.fetch_add(1, std::memory_order_relaxed) + 1;
  to->command = adopter.command;
  to->user = view(adopter.user);
  to->context = adopter.context;
  to->found = adopter.found;
  to->told = adopter.told;
  to->released = adopter.released;
  if (adoption != nullptr) *adoption = to->id;  // Before anything is told on another thread.
  return send_taker(letter::kind::adopt, std::move(to), error);
}

tharsis_status dispatcher::list(void (*visit)(void*, const tharsis_stn_entry*), void* context, tharsis_error* error) {
  auto to = std::make_shared<outbox_taker>();
  to->context = context;
  to->found = visit;
  return send_taker(letter::kind::list, std::move(to), error);
}

tharsis_status dispatcher::send_taker(letter::kind what, std::shared_ptr<outbox_taker> to, tharsis_error* error) {
  if (!desk_) return fail(error, THARSIS_E_UNSUPPORTED, "there is no outbox for durable tasks; set outbox.use: on");
  to->strand = host_.loop->current(host_.loop->self);
  if (to->strand == 0) return fail(error, THARSIS_E_INVALID, "this is called on a strand, where the answers can go");
  letter l;
  l.what = what;
  l.taker = std::move(to);
  if (!stopping_ && open_->home().send(std::move(l))) return THARSIS_OK;
  return fail(error, THARSIS_E_GONE, "stn has stopped");
}

void dispatcher::say(letter::kind what, uint64_t entry) {
  letter l;
  l.what = what;
  l.id = entry;
  open_->home().send(std::move(l));
}

void dispatcher::end(std::unique_ptr<request> r, tharsis_status status, uint32_t why, std::string reason, size_t link) {
  free_order(*r, link);
  tell({std::move(r), status, {}, std::move(reason), why}, link);
}

void dispatcher::free_order(const request& r, size_t link) {
  if (!r.owns_order) return;
  longlink* const by = links_.at(link);
  if (r.http.taken) shorts_.at(r.http.link).on_order_free(r.order);
  else if (by != nullptr) by->on_order_free(r.order);
}

// Its caller has ended it.
void dispatcher::on_judged(const letter& l) {
  judged_.erase(l.id);
  count(*l.of, {{}, {}, 0, l.status, l.number, l.code, false, l.body.size(), {}}, l.link);
  free_order(*l.of, l.link);
  if (l.number == THARSIS_STN_STOPPED_COMMAND)
    stopped_.add({l.of->command, l.of->user, later(place_.now(), settings_.tasks.stop), l.body, l.code}, place_.now());
}

// Its caller wants another answer.
void dispatcher::try_again(std::unique_ptr<request> r, uint32_t verdict, size_t link) {
  const auto found = judged_.find(r->id);
  const bool withdrawn = found != judged_.end() && found->second.withdrawn;
  if (found != judged_.end()) judged_.erase(found);
  if (stopping_) return end(std::move(r), THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stn is stopping", link);
  if (withdrawn) return end(std::move(r), THARSIS_E_CANCELLED, THARSIS_STN_CANCELLED, "the task was cancelled", link);
  r->times.queued += place_.now() - r->aside_at;
  longlink* const way = links_.at(link);
  if (way != nullptr && verdict == THARSIS_STN_SESSION_OVER && r->connection == way->connection())
    way->reconnect("the application says that its session is over");
  if (verdict != THARSIS_STN_RETRY) {
    if (way != nullptr) way->send_again(r->user);
    shorts_.send_again(r->user);
  }
  const bool is_free = verdict == THARSIS_STN_SESSION_OVER && !std::exchange(r->session_renewed, true);
  if (is_free) ++r->retries;
  if (static_cast<int64_t>(r->sends) > r->retries)
    return end(std::move(r), THARSIS_E_REFUSED, THARSIS_STN_ENDED,
               "the application wants another answer, and the task's retries are used up", link);
  if (place_.now() >= r->deadline)
    return end(std::move(r), THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, "the application wants another answer, and the task's time is over", link);
  if (!r->key.empty()) r->key = next_key(r->key, ++r->judged_again);
  carry(std::move(r), link);
}

link_totals dispatcher::totals() const {
  link_totals sum;
  for (const longlink* link : links_.all()) {
    sum.connects += link->totals().connects;
    sum.bytes_sent += link->totals().bytes_sent;
    sum.bytes_received += link->totals().bytes_received;
  }
  for (const auto& by_class : traffic_.all()) sum.repeated += by_class[static_cast<size_t>(traffic_class::repeated)].sent;
  return sum;
}

tharsis_stn_network dispatcher::overall() const {
  tharsis_stn_network n{};
  network_status all;
  for (const longlink* link : links_.all()) {
    all.add(link->state(), link->why(), link->failures());
    ++n.links;
    n.links_up += link->state() == THARSIS_STN_UP;
  }
  n.status = all.value(network_there_);
  return n;
}

links_report dispatcher::report() const {
  links_report r;
  for (const longlink* link : links_.all()) r.links.push_back(link->snapshot());
  r.groups = choice_.report();
  r.network = overall().status;
  r.weak = weak_.now().weak();
  r.weak_because = weak_.now().because();
  r.traffic = traffic_.all();
  r.segments = ways_.paths().size_here();
  r.has_outbox = desk_.has_value();
  if (desk_) {
    r.outbox_tasks = desk_->size();
    r.outbox_bytes = static_cast<uint64_t>(desk_->bytes());
  }
  return r;
}

task<void> dispatcher::stop() {
  stopping_ = true;
  inbox_.drain();
  pushes_.close();
  news_.stop();
  network_.close();
  auth_.close();
  route_.close();
  weak_.stop();
  if (desk_) desk_->stop();
  links_.stop();
  shorts_.stop();
  const instant deadline = later(place_.now(), 2 * farewell);
  co_await links_.wait_stopped(deadline);
  co_await shorts_.wait_stopped(deadline);
  if (desk_) co_await desk_->close(deadline);
  co_await memory_.close(deadline);
  co_await weakness_.close(deadline);
  co_await book_.close(deadline);
  co_await ways_.close(deadline);
  co_await blocking_over(place_);
  open_->home().close();
  inbox_.drain();  // What was said until then.
}

}  // namespace tharsis::stn
