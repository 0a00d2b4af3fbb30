#include "sdk/hosts/qt/tharsis_qt.h"

#include <arpa/inet.h>

#include <QDeadlineTimer>
#include <QJsonDocument>
#include <QMutexLocker>
#include <QTimer>
#include <algorithm>
#include <cstdio>
#include <utility>

#include "sdk/abi/dns.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/stn.h"
#include "sdk/abi/xlog.h"

namespace {

// Between two looks at what else the application does.
constexpr int64_t turn_budget = 5'000'000;
// While a provider starts or changes nobody provides its service for a moment.
constexpr int look_again_ms = 10, look_for_ms = 5000;
// Lines of log that wait for the thread of the GUI. Then the oldest gives way.
constexpr size_t lines_most = 10'000;

tharsis_error noReason() {
  tharsis_error why{};
  why.size = sizeof why;
  return why;
}

tharsis_error noProvider(const char* service, bool late) {
  tharsis_error why = noReason();
  why.status = late ? THARSIS_E_TIMEOUT : THARSIS_E_GONE;
  std::snprintf(why.text, sizeof why.text, "nobody provides %s now: its plugin does not run; report() says why", service);
  return why;
}

void check(tharsis_status status, const tharsis_error& why) {
  if (status < 0) throw TharsisError(status, why.text);
}

QString textOf(tharsis_text t) { return QString::fromUtf8(t.data, static_cast<qsizetype>(t.size)); }
QByteArray bytesOf(tharsis_bytes b) { return QByteArray(reinterpret_cast<const char*>(b.data), static_cast<qsizetype>(b.size)); }
tharsis_text textOf(const QByteArray& b) { return {b.constData(), static_cast<size_t>(b.size())}; }
tharsis_bytes bytesOf(const QByteArray& b) { return {reinterpret_cast<const uint8_t*>(b.constData()), static_cast<size_t>(b.size())}; }

QByteArray owned(tharsis_owned_text t) {
  const QByteArray copy(t.data, static_cast<qsizetype>(t.size));
  tharsis_text_free(t);
  return copy;
}

// The options as C wants them, with what they point to.
struct given {
  explicit given(const TharsisRuntime::Options& o)
      : profile((o.profile.isEmpty() && o.text.isEmpty() ? QStringLiteral(THARSIS_DESKTOP_PROFILE) : o.profile).toUtf8()),
        text(o.text.toUtf8()), state(o.state.toUtf8()) {
    for (auto set = o.sets.begin(); set != o.sets.end(); ++set) {
      const QByteArray list = QJsonDocument(QJsonArray{QJsonValue::fromVariant(set.value())}).toJson(QJsonDocument::Compact);
      words.push_back(set.key().toUtf8() + "=" + list.mid(1, list.size() - 2));
    }
    for (const QString& folder : o.plugins) folders.push_back(folder.toUtf8());
    for (const QByteArray& word : words) sets.push_back(word.constData());
    for (const QByteArray& folder : folders) plugins.push_back(folder.constData());
    options.size = sizeof options;
    options.profile = profile.isEmpty() ? nullptr : profile.constData();
    options.text = text.isEmpty() ? nullptr : text.constData();
    options.state = state.isEmpty() ? nullptr : state.constData();
    options.sets = sets.data();
    options.sets_count = static_cast<uint32_t>(sets.size());
    options.plugin_folders = plugins.data();
    options.plugin_folders_count = static_cast<uint32_t>(plugins.size());
  }
  // Of INVALID all the problems, else the sentence.
  void check(tharsis_status status, const tharsis_error& why) const {
    if (status != THARSIS_E_INVALID) return ::check(status, why);
    const QByteArray problems = owned(tharsis_runtime_problems(&options));
    throw TharsisError(status, problems.isEmpty() ? why.text : problems.constData());
  }

  const QByteArray profile, text, state;
  std::vector<QByteArray> words, folders;
  std::vector<const char*> sets, plugins;
  tharsis_runtime_options options{};
};

}  // namespace

// Waits for its answer, or for a service.
struct TharsisRuntime::question {
  TharsisRuntime* of;
  QPointer<QObject> context;
  Answered answered;
  Resolved resolved;
  Diagnosed diagnosed;

  void tell(const TharsisAnswer& answer) {
    of->answers_.push_back([context = context, done = std::move(answered), answer] {
      if (context) done(answer);
    });
  }
  void tell(const TharsisDiagnosis& diagnosis) {
    of->answers_.push_back([context = context, done = std::move(diagnosed), diagnosis] {
      if (context) done(diagnosis);
    });
  }
  void tell(const QStringList& addresses, const QString& verdict) {
    of->answers_.push_back([context = context, done = std::move(resolved), addresses, verdict] {
      if (context) done(addresses, verdict);
    });
  }
};

TharsisRuntime::TharsisRuntime(const Options& options, QObject* parent) : QObject(parent), options_(options) {
  const given g(options);
  tharsis_error why = noReason();
  g.check(tharsis_runtime_create(&g.options, &runtime_, &why), why);
  check(tharsis_runtime_subscribe(runtime_, "**", THARSIS_DROP_OLDEST, 0, &events_, &why), why);
  check(tharsis_runtime_subscribe(runtime_, THARSIS_STN_PUSH_TOPIC, THARSIS_DROP_OLDEST, 0, &pushes_, &why), why);
}

TharsisRuntime::~TharsisRuntime() {
  wake_.reset();
  if (tap_ != 0) {
    tharsis_guard* const guard = guards_[THARSIS_LOG_TAP_ID];
    if (const auto* const tap = static_cast<const tharsis_log_tap*>(tharsis_guard_enter(guard))) {
      tap->close(tap->self, tap_);
      tharsis_guard_leave(guard);
    }
  }
  tharsis_runtime_destroy(runtime_);
}

void TharsisRuntime::start() {
  tharsis_error why = noReason();
  check(tharsis_runtime_start(runtime_, &why), why);
  wake_ = std::make_unique<QSocketNotifier>(tharsis_runtime_wake_descriptor(runtime_), QSocketNotifier::Read);
  connect(wake_.get(), &QSocketNotifier::activated, this, [this] { turn(); });
}

void TharsisRuntime::stop() {
  stopping_ = true;
  QTimer::singleShot(0, this, [this] { turn(); });
}

// Answers are told outside of run_once(), so that whoever hears one may open a dialog, whose event loop comes back here.
void TharsisRuntime::turn() {
  tharsis_runtime_run_once(runtime_, turn_budget);
  const auto ended = [this] { return stopping_ && tharsis_runtime_stop(runtime_, 0) == THARSIS_OK; };
  const bool over = ended();
  for (const auto& tell : std::exchange(answers_, {})) tell();
  takeEvents();
  if (!settled_ && tharsis_runtime_settled(runtime_) == 1) {
    settled_ = true;
    emit settled();
  }
  if (!stopping_ || (!over && report().value("state") != "stopped")) return;
  stopping_ = false;
  wake_.reset();
  emit stopped(over || tharsis_runtime_stop(runtime_, 0) == THARSIS_OK);
}

void TharsisRuntime::takeEvents() {
  for (tharsis_text json; (json = tharsis_inbox_next_json(events_)).size > 0;) {
    const QJsonObject all = QJsonDocument::fromJson(QByteArray(json.data, static_cast<qsizetype>(json.size))).object();
    const QString topic = all.value("topic").toString();
    const QJsonObject payload = all.value("payload").toObject();
    emit published(topic, payload);
    if (topic == THARSIS_STN_LINK_TOPIC)
      emit linkChanged(payload.value("link").toString(), payload.value("state").toString(), payload.value("reason").toString());
    if (topic == "sdt.verdict") emit verdict(payload.value("headline").toString(), payload.value("advice").toString());
  }
  while (const tharsis_event* const one = tharsis_inbox_next(pushes_)) {
    const auto* const push = static_cast<const tharsis_stn_push*>(one->payload);
    emit pushed(textOf(push->link), push->command, bytesOf(push->body));
  }
}

// Null where no plugin of the profile provides it; then `why` says so.
tharsis_guard* TharsisRuntime::bound(const char* service, tharsis_error& why) {
  tharsis_guard*& guard = guards_[service];
  if (guard == nullptr) tharsis_runtime_bind(runtime_, service, &guard, &why);
  return guard;
}

// use(table, nothing), or use(null, why) when nobody provides it within some seconds, or within a shorter timeout. 0: there is none.
void TharsisRuntime::with(const char* service, Use use, int timeout_ms) {
  const bool short_one = timeout_ms > 0 && timeout_ms < look_for_ms;
  look(service, std::move(use), QDeadlineTimer(short_one ? timeout_ms : look_for_ms), short_one);
}

void TharsisRuntime::look(const char* service, Use use, QDeadlineTimer until, bool short_one) {
  tharsis_error why = noReason();
  tharsis_guard* const guard = bound(service, why);
  const void* const table = guard == nullptr ? nullptr : tharsis_guard_enter(guard);
  if (table == nullptr && guard != nullptr && !until.hasExpired()) {
    QTimer::singleShot(look_again_ms, this, [=, this] { look(service, use, until, short_one); });
    return;
  }
  if (table == nullptr && guard != nullptr) why = noProvider(service, short_one);
  use(table, why);
  if (table != nullptr) tharsis_guard_leave(guard);
  if (!answers_.empty()) QTimer::singleShot(0, this, [this] { turn(); });
}

void TharsisRuntime::send(const TharsisTask& task, QObject* context, Answered done) {
  const auto q = std::make_shared<std::unique_ptr<question>>(new question{this, context, std::move(done), {}, {}});
  with(THARSIS_STN_ID, [q, task, whole = QDeadlineTimer(task.timeoutMs)](const void* table, tharsis_error why) {
    const QByteArray link = task.link.toUtf8();
    tharsis_stn_task t{};
    t.size = sizeof t, t.command = task.command, t.link = textOf(link);
    t.body = bytesOf(task.body), t.key = bytesOf(task.key), t.priority = task.priority;
    t.context = q->get(), t.done = onTask;
    if (task.timeoutMs > 0) t.timeout_ms = static_cast<uint32_t>(std::max<qint64>(1, whole.remainingTime()));
    const auto* const stn = static_cast<const tharsis_stn*>(table);
    tharsis_handle id{};
    if (stn == nullptr) return (*q)->tell(TharsisAnswer{why.status, {}, QString::fromUtf8(why.text), 0, 0});
    const tharsis_status status = stn->start(stn->self, &t, &id, &why);
    if (status < 0) return (*q)->tell(TharsisAnswer{status, {}, QString::fromUtf8(why.text), 0, 0});
    (void)q->release();  // Until its answer.
  }, task.timeoutMs);
}

void TharsisRuntime::onTask(void* context, tharsis_handle, const tharsis_stn_result* r) {
  const std::unique_ptr<question> q(static_cast<question*>(context));
  const double first_byte = r->times == nullptr ? 0 : static_cast<double>(r->times->first_byte) / 1e6;
  q->tell({r->status, bytesOf(r->body), textOf(r->reason), static_cast<int>(r->sends), first_byte});
}

void TharsisRuntime::resolve(const QString& name, QObject* context, Resolved done) {
  const auto q = std::make_shared<std::unique_ptr<question>>(new question{this, context, {}, std::move(done), {}});
  with(THARSIS_DNS_ID, [q, data = name.toUtf8()](const void* table, tharsis_error why) {
    tharsis_handle id{};
    const auto* const dns = static_cast<const tharsis_dns*>(table);
    if (dns == nullptr || dns->resolve(dns->self, textOf(data), 0, onName, q->get(), &id, &why) < 0) return (*q)->tell({}, QString::fromUtf8(why.text));
    (void)q->release();
  }, 0);
}

void TharsisRuntime::onName(void* context, tharsis_handle, const tharsis_dns_answer* a) {
  const std::unique_ptr<question> q(static_cast<question*>(context));
  QStringList addresses;
  for (uint32_t i = 0; i < a->count; ++i) {
    const tharsis_address& one = a->addresses[i];
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(one.family == 4 ? AF_INET : AF_INET6, one.ip, text, sizeof text);
    addresses << QString::fromLatin1(text);
  }
  q->tell(addresses, a->status < 0 ? textOf(a->reason) : textOf(a->verdict));
}

void TharsisRuntime::diagnose(const QString& target, QObject* context, Diagnosed done) {
  const auto q = std::make_shared<std::unique_ptr<question>>(new question{this, context, {}, {}, std::move(done)});
  const auto refuse = [q](int status, const QString& why) {
    TharsisDiagnosis none;
    none.status = status, none.sentence = why;
    (*q)->tell(none);
  };
  with(THARSIS_SDT_ID, [q, refuse, data = target.toUtf8()](const void* table, tharsis_error why) {
    tharsis_handle id{};
    tharsis_sdt_wish wish{};
    wish.size = sizeof wish, wish.depth = THARSIS_SDT_LIGHT, wish.target = textOf(data);
    const auto* const sdt = static_cast<const tharsis_sdt*>(table);
    if (sdt == nullptr) return refuse(why.status, QString::fromUtf8(why.text));
    const tharsis_status status = sdt->diagnose(sdt->self, &wish, onDiagnosis, q->get(), &id, &why);
    if (status < 0) return refuse(status, QString::fromUtf8(why.text));
    (void)q->release();
  }, 0);
}

void TharsisRuntime::onDiagnosis(void* context, tharsis_handle, const tharsis_sdt_report* r) {
  const std::unique_ptr<question> q(static_cast<question*>(context));
  const QByteArray json(r->json.data, static_cast<qsizetype>(r->json.size));
  q->tell(TharsisDiagnosis{r->status, textOf(r->sentence), textOf(r->detail), textOf(r->code), textOf(r->blame), textOf(r->certainty),
                           static_cast<int>(r->confidence), textOf(r->action), QJsonDocument::fromJson(json).object()});
}

void TharsisRuntime::log(int level, const QString& text) {
  const tharsis_log* const table = tharsis_runtime_log(runtime_);
  const QByteArray data = text.toUtf8();
  table->write(table->self, static_cast<uint32_t>(level), textOf(data));
}

void TharsisRuntime::followLog(int level) {
  with(THARSIS_LOG_TAP_ID, [this, level](const void* table, tharsis_error why) {
    const auto* const tap = static_cast<const tharsis_log_tap*>(table);
    tharsis_log_filter filter{};
    filter.size = sizeof filter, filter.level = static_cast<uint32_t>(level);
    if (tap != nullptr && tap_ != 0) tap->close(tap->self, std::exchange(tap_, 0));
    if (tap != nullptr && tap->open(tap->self, &filter, 0, onLine, this, &tap_, &why) >= 0) return;
    answers_.push_back([this, text = QString::fromUtf8(why.text)] { emit logged(THARSIS_LOG_ERROR, QStringLiteral("host"), text); });
  }, 0);
}

// [a thread of the log's] Nothing of Qt's but what may be called on any thread.
int32_t TharsisRuntime::onLine(void* context, const tharsis_log_record* record) {
  auto* const self = static_cast<TharsisRuntime*>(context);
  const QMutexLocker lock(&self->mutex_);
  if (self->lines_.empty()) QMetaObject::invokeMethod(self, [self] { self->takeLines(); }, Qt::QueuedConnection);
  if (self->lines_.size() == lines_most) self->lines_.pop_front(), ++self->lost_;
  self->lines_.push_back({static_cast<int>(record->level), textOf(record->plugin), textOf(record->text)});
  return 1;
}

void TharsisRuntime::takeLines() {
  std::deque<line> taken;
  {
    const QMutexLocker lock(&mutex_);
    taken.swap(lines_);
  }
  for (const line& one : taken) emit logged(one.level, one.plugin, one.text);
}

quint64 TharsisRuntime::dropped() const {
  const QMutexLocker lock(&mutex_);
  return tharsis_inbox_dropped(events_) + tharsis_inbox_dropped(pushes_) + lost_;
}

void TharsisRuntime::tell(const tharsis_runtime_inputs& inputs) {
  tharsis_error why = noReason();
  check(tharsis_runtime_tell(runtime_, &inputs, &why), why);
}

void TharsisRuntime::setForeground(bool yes) {
  tharsis_runtime_inputs inputs{};
  inputs.size = sizeof inputs, inputs.foreground = yes ? 1 : -1;
  tell(inputs);
}

void TharsisRuntime::setAccount(const QString& who) {
  const QByteArray account = who.toUtf8();
  tharsis_runtime_inputs inputs{};
  inputs.size = sizeof inputs, inputs.account = account.constData();
  tell(inputs);
}

QString TharsisRuntime::reload(const Options& options) {
  const given g(options);
  tharsis_error why = noReason();
  tharsis_owned_text difference{};
  const tharsis_status status = tharsis_runtime_reload(runtime_, &g.options, &difference, &why);
  const QString changed = difference.data == nullptr ? QString() : QString::fromUtf8(owned(difference));
  g.check(status, why);
  options_ = options;
  return changed;
}

QString TharsisRuntime::change(const QVariantMap& sets) {
  Options options = options_;
  for (auto set = sets.begin(); set != sets.end(); ++set) options.sets[set.key()] = set.value();
  return reload(options);
}

QJsonObject TharsisRuntime::report() const { return QJsonDocument::fromJson(owned(tharsis_runtime_report(runtime_))).object(); }
QJsonArray TharsisRuntime::metrics() const { return QJsonDocument::fromJson(owned(tharsis_runtime_metrics_json(runtime_))).array(); }
