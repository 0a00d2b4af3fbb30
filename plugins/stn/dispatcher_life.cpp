// The dispatcher's beginning and end, and its links: they start, come, go and change, and are told of.
#include <algorithm>
#include <array>

#include "plugins/stn/dispatcher.h"
#include "sdk/abi/stn_measure.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/hex_text.h"

namespace tharsis::stn {
namespace {

// By it the server knows this instance again on its next connection: 32 hexadecimal digits.
std::string make_client_id(const tharsis_random& random) {
  std::array<uint8_t, 16> bytes{};
  random.fill(random.self, bytes.data(), bytes.size());
  return hex_text(bytes);
}

}  // namespace

dispatcher::dispatcher(strand& place, const host& tables, const settings& s, const link_events& events, kept files)
    : place_(place),
      host_(tables),
      settings_(s),
      events_(events),
      counts_(tables),
      ways_(place, tables, names_, counts_, std::move(files.segments), s.breaker, s.extra),
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
      shorts_(place, tables, {ways_.names(), ways_.proxies(), ways_.sessions(), ways_.paths(), ways_.servers()}, codecs_, s.short_links,
              [this](answer a) {
                const size_t link = a.of->http.partner;
                take(std::move(a), link);
              },
              [this](const encode_wish& wish) { ask(wish, link_names::none); },
              {s.tasks.rest, s.tasks.budget, s.breaker, counts_.requests.busy, counts_.requests.no_budget, counts_.servers_left_alone,
               [this](const server_word& w) { events_.on_server(w); }}),
      intake_(host_, s, names_, choice_, minors_, shorts_),
      open_(std::make_shared<open_tasks>(s.tasks.waiting_max, inbox_)),
      inbox_(*tables.loop, &dispatcher::on_letter, this),
      outbox_(place),
      durable_(host_, open_, s.outbox.use && !files.outbox.empty(), stopping_),
      limits_(s.tasks.repeats, s.tasks.flow),
      news_(place, tables, s.sync, use_, [this] { return network_of(links_, network_there_); }),
      network_(*tables.network),
      own_strand_(tables.loop->current(tables.loop->self)) {
  ways_.paths().lend([this](std::string sentence) {
    counts_.dials_raced.add();
    events_.on_measure({{}, std::move(sentence), THARSIS_STN_MEASURE_RACED});
  });
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
  does.measured = [this](const measure& m) {
    if (m.what == THARSIS_STN_MEASURE_KEPT) counts_.outbox_kept.add();
    else counts_.outbox_again.add();
    events_.on_measure(m);
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
    if (std::exchange(generation_, now.generation) != now.generation) {
      weak_.on_network();
      if (desk_) desk_->hurry();
    }
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

http_care::terms dispatcher::http_terms() const {
  return {settings_.tasks.rest, settings_.tasks.budget, counts_.requests.busy, counts_.requests.no_budget, counts_.servers_left_alone, "http",
          [this](const server_word& w) { events_.on_server(w); }};
}

links_report dispatcher::report() const {
  links_report r;
  for (const longlink* link : links_.all()) r.links.push_back(link->snapshot());
  r.groups = choice_.report();
  r.network = network_of(links_, network_there_).status;
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
