#include "plugins/dns/host_source.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/error.h"

namespace tharsis::dns {
namespace {

constexpr size_t source_reason_max = 256;

findings source_failure(std::string why) {
  findings f;
  f.why = std::move(why);
  return f;
}

// Of whatever a foreign plugin says, what means something. The family is looked at by who asked.
findings read_source_answer(const tharsis_dns_own_answer& a) {
  if (a.status != THARSIS_OK && a.status != THARSIS_E_NOT_FOUND)
    return source_failure("it could not find out (" + std::string(status_name(a.status)) + (a.reason.size > 0 ? "): " + std::string(view(a.reason).substr(0, source_reason_max)) : ")"));
  findings f;
  f.what = findings::kind::no_data;
  if (a.life > 0) f.life = static_cast<uint32_t>(std::min<int64_t>(a.life / 1'000'000'000, 7 * 86'400));
  if (a.status == THARSIS_OK && a.addresses != nullptr) f.addresses.assign(a.addresses, a.addresses + std::min(a.count, found_max));
  return f;
}

void keep_family(findings& f, uint16_t family) {
  std::erase_if(f.addresses, [&](const tharsis_address& a) { return a.family != family; });
  for (tharsis_address& a : f.addresses) a.port = 0;
  if (!f.addresses.empty()) f.what = findings::kind::found;
}

}  // namespace

// On the frame of the coroutine that waits; when that is destroyed, the question is taken back.
struct host_source::open_question {
  open_question(host_source& o, tharsis_handle n) : owner(o), number(n), answered(o.place_) { owner.open_[number] = this; }
  open_question(const open_question&) = delete;
  ~open_question() {
    owner.open_.erase(number);
    if (!done && owner.source_ != nullptr) owner.source_->cancel(owner.source_->self, number);
  }

  host_source& owner;
  const tharsis_handle number;
  signal answered;
  bool done = false;
  findings what;
};

void host_source::use(const tharsis_dns_own_source* source) {
  source_ = source;
  last_before_ = last_;
  owed_ = 0;
  changed_.raise();
  for (const auto& [number, q] : open_) {
    q->done = true;
    q->what = source_failure("the plugin that provides tharsis.dns_source/1 has gone");
    q->answered.raise();
  }
}

task<findings> host_source::ask(std::string name, uint16_t kind, instant deadline) {
  if (kind != type::a && kind != type::aaaa) co_return source_failure("it is asked for addresses only");
  if (source_ == nullptr) co_return source_failure("no plugin provides tharsis.dns_source/1");
  const uint32_t family = kind == type::a ? 4 : 6;
  open_question q(*this, ++last_);
  tharsis_error why = no_error();
  ++owed_;  // Before it: it may answer at once.
  const int64_t patience = std::max<int64_t>((deadline - place_.now()).count(), 0);
  const tharsis_status status = source_->ask(source_->self, q.number, text_of(name), family, patience, &host_source::on_done, this, &why);
  if (status != THARSIS_OK) {
    --owed_;
    q.done = true;
    co_return source_failure("it refused the question (" + std::string(status_name(status)) + "): " + why.text);
  }
  while (!q.done && place_.now() < deadline) co_await q.answered.wait(deadline);
  if (!q.done) co_return source_failure("no answer came in time");
  keep_family(q.what, static_cast<uint16_t>(family));
  co_return std::move(q.what);
}

// [any thread]
void host_source::on_done(void* context, tharsis_handle question, const tharsis_dns_own_answer* a) {
  host_source& s = *static_cast<host_source*>(context);
  findings what = a != nullptr && THARSIS_HAS(a, reason) ? read_source_answer(*a) : source_failure("its answer has no size, or none that is known");
  (void)s.answers_.send({question, std::move(what)});
}

void host_source::on_answer(void* self, letter l) {
  host_source& s = *static_cast<host_source*>(self);
  if (l.question > s.last_before_ && s.owed_ > 0) --s.owed_;
  s.changed_.raise();
  const auto found = s.open_.find(l.question);
  if (found == s.open_.end() || found->second->done) return;
  found->second->done = true;
  found->second->what = std::move(l.what);
  found->second->answered.raise();
}

task<void> host_source::settle() {
  while (source_ != nullptr && owed_ > 0) co_await changed_.wait();
}

}  // namespace tharsis::dns
