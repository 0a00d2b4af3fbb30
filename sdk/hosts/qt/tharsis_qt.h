// A runtime of Tharsis inside a Qt application: a QObject with signals. See README.md.
//
// Everything happens on the thread that made it, in its event loop; nothing is emitted from inside a call to it. Failures of
// the calls are TharsisErrors with the runtime's own sentence; failures of tasks are answers with one.
#pragma once
#include <QDeadlineTimer>
#include <QJsonArray>
#include <QJsonObject>
#include <QMap>
#include <QMutex>
#include <QObject>
#include <QPointer>
#include <QSocketNotifier>
#include <QStringList>
#include <QVariantMap>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "sdk/abi/runtime.h"

class TharsisError : public std::runtime_error {
 public:
  TharsisError(int status, const char* sentence) : std::runtime_error(sentence), status_(status) {}
  int status() const { return status_; }  // THARSIS_E_* of sdk/abi/abi.h.

 private:
  int status_;
};

// What is to be sent; the words are those of tharsis_stn_task in sdk/abi/stn.h.
struct TharsisTask {
  quint32 command = 0;
  QByteArray body;
  QByteArray key;    // With one it may be sent again when its connection dies, and the server does it once.
  QString link;      // Empty: "main".
  int timeoutMs = 0; // 0: the profile's.
  int priority = 0;
};

struct TharsisAnswer {
  int status = 0;     // THARSIS_OK, or why not.
  QByteArray body;
  QString reason;     // One sentence, empty when all is well.
  int sends = 0;
  double answerMs = 0;  // From the wire to the first byte of the answer.
};

// What is broken, where, how surely, and what to do; plugins/sdt/README.md has the codes.
struct TharsisDiagnosis {
  int status = 0;     // THARSIS_OK, or why there is none: then `sentence` says so.
  QString sentence;   // For a person.
  QString detail;     // For an engineer.
  QString code, blame, certainty;
  int confidence = 0; // 0 to 100
  QString action;     // For a program; may be empty.
  QJsonObject report; // All of it, as `tharsis sdt diagnose --json` prints it.
};

class TharsisRuntime : public QObject {
  Q_OBJECT

 public:
  struct Options {
    QString profile;      // A file. Empty, and no text: the profile for desktop applications.
    QString text;         // The profile itself.
    QVariantMap sets;     // {{"stn.tasks.timeout", "5s"}}: stronger than the profile.
    QStringList plugins;  // More folders with plugins.
    QString state;        // Where plugins keep files; empty: the user's data folder.
  };

  // Throws what is wrong with the profile, all of it.
  explicit TharsisRuntime(const Options& options, QObject* parent = nullptr);
  // Stops first if need be, which may take as long as plugins ask for. What has no answer by then gets none; after stop() and
  // stopped() all have theirs. Not in the child of a fork, which has none of the runtime's threads.
  ~TharsisRuntime() override;

  void start();  // settled() follows.
  void stop();   // stopped() follows.

  // done(answer) comes once, later, unless `context` or this runtime is gone by then. Before stn runs the task waits for it, some
  // seconds, and no longer than its timeout.
  using Answered = std::function<void(const TharsisAnswer& answer)>;
  void send(const TharsisTask& task, QObject* context, Answered done);
  // done(addresses, verdict or the reason why there are none).
  using Resolved = std::function<void(const QStringList& addresses, const QString& verdict)>;
  void resolve(const QString& name, QObject* context, Resolved done);

  // Of the way to a target, "tcps://im.example.com:443", a name or IP:PORT; empty: of the network as a whole. Ends by itself.
  using Diagnosed = std::function<void(const TharsisDiagnosis& diagnosis)>;
  void diagnose(const QString& target, QObject* context, Diagnosed done);

  void log(int level, const QString& text);  // THARSIS_LOG_INFO ... of sdk/abi/log.h.
  // logged() follows for each line that is at least so severe, or once with the reason why there are none. A second call replaces
  // the first. Of lines that come faster than they are taken the last 10,000 are kept.
  void followLog(int level);
  quint64 dropped() const;                   // Events, pushes and lines that were lost because nobody took them in time.
  // What only the application knows: proxy, metered, kind of network ...; sdk/abi/runtime.h. Throws what means nothing.
  void tell(const tharsis_runtime_inputs& inputs);
  void setForeground(bool yes);
  void setAccount(const QString& who);
  // Both answer what has changed, or throw and leave all as it was. The options as a whole, or settings laid over those from before.
  QString reload(const Options& options);
  QString change(const QVariantMap& sets);

  QJsonObject report() const;
  QJsonArray metrics() const;

 signals:
  void settled();  // Everything that can start has started; report() says what could not.
  void stopped(bool clean);
  void published(const QString& topic, const QJsonObject& payload);
  void linkChanged(const QString& link, const QString& state, const QString& reason);  // "up", "connecting", "down"
  void pushed(const QString& link, quint32 command, const QByteArray& body);
  void verdict(const QString& headline, const QString& advice);
  void logged(int level, const QString& plugin, const QString& text);

 private:
  struct question;
  using Use = std::function<void(const void* table, tharsis_error why)>;

  void turn();
  void takeEvents();
  void takeLines();
  void with(const char* service, Use use, int timeout_ms);
  void look(const char* service, Use use, QDeadlineTimer until, bool short_one);
  tharsis_guard* bound(const char* service, tharsis_error& why);
  static void onTask(void* context, tharsis_handle task, const struct tharsis_stn_result* result);
  static void onName(void* context, tharsis_handle query, const struct tharsis_dns_answer* answer);
  static void onDiagnosis(void* context, tharsis_handle id, const struct tharsis_sdt_report* report);
  static int32_t onLine(void* context, const tharsis_log_record* line);

  struct line {
    int level;
    QString plugin, text;
  };
  Options options_;
  tharsis_runtime* runtime_ = nullptr;
  tharsis_inbox *events_ = nullptr, *pushes_ = nullptr;
  std::unique_ptr<QSocketNotifier> wake_;
  QMap<QByteArray, tharsis_guard*> guards_;
  std::vector<std::function<void()>> answers_;  // That came inside run_once(); told when it is over.
  bool settled_ = false, stopping_ = false;
  tharsis_handle tap_ = 0;
  mutable QMutex mutex_;     // Over the lines, which come on a thread of the log's.
  std::deque<line> lines_;
  quint64 lost_ = 0;
};
