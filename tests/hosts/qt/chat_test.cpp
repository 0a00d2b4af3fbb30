// Goal: a person in front of a Qt application sees what happens on the network while it happens. Method: a gateway and two
// chat windows in this process, over TLS; words are typed, the server goes away and comes back. Pictures of it are left in the
// folder of the test. And everything arrives on the GUI's thread.
#include <QDialog>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <QThread>

#include <malloc.h>

#include "sdk/abi/log.h"
#include "sdk/hosts/qt/chat/chat_window.h"

namespace {

constexpr int patience_ms = 60'000;  // Only a failing test waits so long.

// What of the heap is in use, in KiB, and how much is mapped, in mappings.
qsizetype heap() {
  const struct mallinfo2 now = mallinfo2();
  return static_cast<qsizetype>((now.uordblks + now.hblkhd) / 1024);
}
qsizetype mappings() {
  QFile maps("/proc/self/maps");
  return maps.open(QIODevice::ReadOnly) ? maps.readAll().count('\n') : 0;
}

qsizetype entries(const char* folder) { return QDir(folder).entryList(QDir::AllEntries | QDir::NoDotAndDotDot | QDir::System).size(); }

TharsisRuntime::Options profile(const QString& plugins, const QString& state) {
  TharsisRuntime::Options o;
  o.profile = "host.yaml";
  o.text = "tharsis: 1\nplugins:\n" + plugins;
  o.state = state;
  return o;
}

}  // namespace

class ChatTest : public QObject {
  Q_OBJECT

 public:
  // Qt ends a test of five minutes; a thousand cycles may take longer on a busy machine, and CTest looks at the clock too.
  static void initMain() {
    if (!qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT")) qputenv("QTEST_FUNCTION_TIMEOUT", "1700000");
  }

 private:
  QTemporaryDir folder_;

  QString path(const QString& name) const { return folder_.filePath(name); }
  void picture(QWidget& window, const QString& name) {
    const QString file = QDir(THARSIS_PICTURES).filePath(name + ".png");
    QVERIFY(window.grab().save(file));
  }

  std::unique_ptr<TharsisRuntime> gateway(int port) {
    auto made = std::make_unique<TharsisRuntime>(
        profile(QString("  gateway: { listen: \"tcps://127.0.0.1:%1\", certificate: { names: [im.tharsis.test] } }\n").arg(port), path("server")));
    made->start();
    return made;
  }
  int portOf() {
    QFile file(path("server/gateway/endpoint"));
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().split(':').last().toInt() : 0;
  }
  TharsisRuntime::Options client(const QString& user, int port) {
    TharsisRuntime::Options o;
    o.sets = {{"stn.links.main.endpoints", QStringList{QString("tcps://im.tharsis.test:%1").arg(port)}},
              {"stn.links.main.tls.ca", path("server/gateway/ca.pem")},
              {"stn.links.main.user", user},
              {"dns.pins", QVariantMap{{"im.tharsis.test", QStringList{"127.0.0.1"}}}}};
    o.state = path(user);
    return o;
  }
  static void stop(TharsisRuntime& runtime) {
    bool over = false;
    connect(&runtime, &TharsisRuntime::stopped, &runtime, [&](bool clean) { over = clean; });
    runtime.stop();
    QTRY_VERIFY_WITH_TIMEOUT(over, patience_ms);
  }

 private slots:
  void aWrongProfileIsRefusedWithAllItsProblems() {
    QString said;
    try {
      TharsisRuntime wrong(profile("  stn: { linkz: {} }\n  dns: { timeuot: 1s }\n", path("wrong")));
    } catch (const TharsisError& error) {
      said = error.what();
      QCOMPARE(error.status(), int{THARSIS_E_INVALID});
    }
    QVERIFY2(said.contains("linkz") && said.contains("did you mean 'links'") && said.contains("timeuot"), qPrintable(said));
  }

  void theChatSaysWhatIsWrongWithItsEndpoint() {
    QProcess chat;
    QByteArray said;
    chat.start(THARSIS_CHAT, {"127.0.0.1:7000", "ann", path("misspelt")});
    QTRY_VERIFY2_WITH_TIMEOUT((said += chat.readAllStandardError()).contains("the scheme is missing") || chat.state() == QProcess::NotRunning,
                              said.constData(), patience_ms);
    QCOMPARE(chat.state(), QProcess::Running);  // With a message for a person.
    chat.kill();
    QVERIFY(chat.waitForFinished());
  }

  void tasksAreAnsweredOnTheThreadThatAsked() {
    auto server = gateway(0);
    QTRY_VERIFY_WITH_TIMEOUT(portOf() != 0, patience_ms);
    TharsisRuntime runtime(client("ann", portOf()));
    QList<QThread*> threads;
    QStringList found;
    TharsisAnswer echoed, unanswered, misspelt;
    int answers = 0;
    connect(&runtime, &TharsisRuntime::published, this, [&] { threads << QThread::currentThread(); });
    connect(&runtime, &TharsisRuntime::logged, this, [&] { threads << QThread::currentThread(); });
    runtime.start();
    runtime.followLog(THARSIS_LOG_INFO);
    const auto into = [&](TharsisAnswer& place) {
      return [&](const TharsisAnswer& answer) { place = answer, ++answers, threads << QThread::currentThread(); };
    };
    runtime.send({.command = 100, .body = "hello", .timeoutMs = patience_ms}, this, into(echoed));
    QTRY_COMPARE_WITH_TIMEOUT(answers, 1, patience_ms);
    runtime.send({.command = 99, .body = "x", .timeoutMs = 200}, this, into(unanswered));
    runtime.send({.command = 100, .body = "x", .link = "mian"}, this, into(misspelt));
    runtime.resolve("im.tharsis.test", this, [&](const QStringList& a, const QString& verdict) { found = a + QStringList{verdict}, ++answers; });
    {
      QObject gone;
      runtime.send({.command = 100}, &gone, [](const TharsisAnswer&) { QFAIL("nobody is there any more"); });
    }
    QTRY_COMPARE_WITH_TIMEOUT(answers, 4, patience_ms);
    QCOMPARE(echoed.body, QByteArray("hello"));
    QVERIFY(echoed.answerMs > 0);
    QCOMPARE(unanswered.status, int{THARSIS_E_TIMEOUT});
    QVERIFY2(unanswered.reason.contains("link 'main' brought no answer"), qPrintable(unanswered.reason));
    QCOMPARE(misspelt.status, int{THARSIS_E_NOT_FOUND});
    QVERIFY2(misspelt.reason.contains("mian"), qPrintable(misspelt.reason));
    QCOMPARE(found, (QStringList{"127.0.0.1", "proven"}));
    runtime.log(THARSIS_LOG_INFO, "from the application");
    QTRY_VERIFY_WITH_TIMEOUT(threads.size() > 5, patience_ms);
    for (QThread* const one : threads) QCOMPARE(one, QThread::currentThread());
    bool counted = false;
    for (const auto& m : runtime.metrics()) counted = counted || (m.toObject().value("name") == "tasks_done" && m.toObject().value("value").toInt() >= 1);
    QVERIFY(counted);
    stop(runtime);
    stop(*server);
  }

  void whoAsksWhereNobodyAnswersIsToldWhy() {
    TharsisRuntime bare(profile("  dns: {}\n", path("bare")));
    TharsisAnswer answer;
    TharsisDiagnosis diagnosis;
    QStringList lines, found;
    int answers = 0;
    connect(&bare, &TharsisRuntime::logged, this, [&](int, const QString&, const QString& text) { lines << text; });
    bare.start();
    bare.followLog(THARSIS_LOG_INFO);
    bare.send({.command = 100}, this, [&](const TharsisAnswer& a) { answer = a, ++answers; });
    bare.diagnose("", this, [&](const TharsisDiagnosis& d) { diagnosis = d, ++answers; });
    bare.resolve("127.0.0.1", this, [&](const QStringList& a, const QString&) { found = a, ++answers; });
    QTRY_VERIFY_WITH_TIMEOUT(answers == 3 && lines.size() == 1, patience_ms);
    QCOMPARE(answer.status, int{THARSIS_E_NOT_FOUND});
    QVERIFY2(answer.reason.contains("no plugin of the profile provides 'tharsis.stn/1'"), qPrintable(answer.reason));
    QCOMPARE(diagnosis.status, int{THARSIS_E_NOT_FOUND});
    QVERIFY2(lines[0].contains("tharsis.log_tap/1"), qPrintable(lines[0]));
    stop(bare);
    QString reason;
    bare.resolve("127.0.0.1", this, [&](const QStringList&, const QString& why) { reason = why; });
    QTRY_VERIFY_WITH_TIMEOUT(reason.contains("nobody provides tharsis.dns/1 now"), patience_ms);
  }

  void whatIsToldArrivesAndSettingsAreLaidOverThoseFromBefore() {
    TharsisRuntime runtime(client("told", 1));
    QJsonObject network;
    int lines = 0;
    connect(&runtime, &TharsisRuntime::published, this, [&](const QString& topic, const QJsonObject& payload) {
      if (topic == "runtime.network" && payload.value("metered") == 1) network = payload;
    });
    connect(&runtime, &TharsisRuntime::logged, this, [&](int, const QString&, const QString& text) { lines += text == "once" ? 1 : 0; });
    tharsis_runtime_inputs inputs{};
    inputs.size = sizeof inputs, inputs.metered = 1, inputs.type = THARSIS_NETWORK_CELLULAR;
    runtime.tell(inputs);
    inputs.proxy = "nowhere";
    QVERIFY_THROWS_EXCEPTION(TharsisError, runtime.tell(inputs));
    bool settled = false;
    connect(&runtime, &TharsisRuntime::settled, this, [&] { settled = true; });
    runtime.start();
    QTRY_VERIFY_WITH_TIMEOUT(settled && !network.isEmpty(), patience_ms);
    runtime.followLog(THARSIS_LOG_INFO);
    runtime.followLog(THARSIS_LOG_INFO);
    runtime.log(THARSIS_LOG_INFO, "once");
    QTRY_VERIFY_WITH_TIMEOUT(lines > 0, patience_ms);
    const QString changed = runtime.change({{"stn.tasks.timeout", "7s"}});
    QVERIFY2(changed.contains("-> 7s") && !changed.contains("links"), qPrintable(changed));
    QCOMPARE(runtime.change({}), QString("nothing has changed\n"));
    QCOMPARE(runtime.dropped(), quint64{0});
    TharsisAnswer late;
    stop(runtime);
    QCoreApplication::processEvents();
    QCOMPARE(lines, 1);  // A second tap would have told it before the end.
    QElapsedTimer since;
    since.start();
    runtime.send({.command = 100, .timeoutMs = 50}, this, [&](const TharsisAnswer& a) { late = a; });
    QTRY_COMPARE_WITH_TIMEOUT(late.status, int{THARSIS_E_TIMEOUT}, patience_ms);
    QVERIFY2(since.elapsed() < 2500, "a timeout of 50 ms counts while stn is absent");
    QVERIFY2(late.reason.contains("nobody provides tharsis.stn/1 now"), qPrintable(late.reason));
  }

  void whatNobodyHasDiagnosedIsNotCalledWell() {
    auto server = gateway(0);
    QTRY_VERIFY_WITH_TIMEOUT(portOf() != 0, patience_ms);
    TharsisRuntime::Options options = client("ann", portOf());
    options.sets["sdt.automatic.on"] = false;
    ChatWindow ann("ann", options);
    QTRY_COMPARE_WITH_TIMEOUT(ann.verdict(), QString("Nothing is wrong."), patience_ms);
    stop(*server);
    QTRY_COMPARE_WITH_TIMEOUT(ann.verdict(), QString(), patience_ms);
    bool closed = false;
    connect(&ann, &ChatWindow::closed, &ann, [&] { closed = true; });
    ann.close();
    QTRY_VERIFY_WITH_TIMEOUT(closed, patience_ms);
  }

  void aConversationAnOutageAndItsDiagnosis() {
    auto server = gateway(0);
    QTRY_VERIFY_WITH_TIMEOUT(portOf() != 0, patience_ms);
    const int port = portOf();
    ChatWindow ann("ann", client("ann", port)), ben("ben", client("ben", port));
    ann.show();
    ben.show();
    QTRY_VERIFY_WITH_TIMEOUT(ann.state().contains("up") && ben.state().contains("up"), patience_ms);
    auto* const line = ben.findChild<QLineEdit*>();
    QTest::keyClicks(line, "good morning");
    QTest::keyClick(line, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(ann.messages().contains("ben: good morning"), patience_ms);
    QTest::keyClicks(ann.findChild<QLineEdit*>(), "hello, ben");
    ann.say();
    QTRY_VERIFY_WITH_TIMEOUT(ben.messages().contains("ann: hello, ben"), patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(ann.plot().count() >= 3 && ann.plot().last() > 0, patience_ms);
    picture(ann, "conversation");

    stop(*server);
    server.reset();
    QTRY_VERIFY_WITH_TIMEOUT(ann.verdict().contains("nothing listens on port"), patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(ann.plot().last() < 0, patience_ms);
    QTRY_VERIFY2_WITH_TIMEOUT(ann.logText().contains("link main down"), qPrintable(ann.logText()), 5000);
    ann.diagnose();
    auto* const report = ann.findChild<QDialog*>();
    QVERIFY(report != nullptr && report->isVisible());
    auto* const shown = report->findChild<QPlainTextEdit*>();
    QTRY_VERIFY2_WITH_TIMEOUT(shown->toPlainText().contains("% sure"), qPrintable(shown->toPlainText()), patience_ms);
    QVERIFY2(shown->toPlainText().contains("127.0.0.1") && shown->toPlainText().contains("failed: refused"), qPrintable(shown->toPlainText()));
    picture(ann, "outage");
    picture(*report, "diagnosis");
    report->close();

    server = gateway(port);
    QTRY_VERIFY_WITH_TIMEOUT(ann.state().contains("up"), patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(!ann.verdict().contains("refuses"), patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(ann.plot().last() > 0, patience_ms);
    picture(ann, "afterwards");
    for (ChatWindow* const window : {&ann, &ben}) {
      bool closed = false;
      connect(window, &ChatWindow::closed, window, [&] { closed = true; });
      window->close();
      QTRY_VERIFY_WITH_TIMEOUT(closed, patience_ms);
    }
    stop(*server);
  }

  void startsAndStopsLeaveNothingBehind() {
    const int cycles = qEnvironmentVariableIsSet("THARSIS_CYCLES") ? qEnvironmentVariableIntValue("THARSIS_CYCLES") : 20;
    const auto live = [&] {
      TharsisRuntime::Options o;
      o.sets = {{"stn.links.main.endpoints", QStringList{"tcp://127.0.0.1:1"}}};
      o.state = path("cycles");
      TharsisRuntime runtime(o);
      bool settled = false;
      connect(&runtime, &TharsisRuntime::settled, this, [&] { settled = true; });
      runtime.start();
      runtime.followLog(THARSIS_LOG_INFO);
      runtime.send({.command = 100, .timeoutMs = 1}, this, [](const TharsisAnswer&) {});
      QTRY_VERIFY_WITH_TIMEOUT(settled, patience_ms);
      stop(runtime);
    };
    for (int i = 0; i < 5; ++i) live();
    const auto threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd"), in_use = heap(), mapped = mappings();
    for (int i = 0; i < cycles && !QTest::currentTestFailed(); ++i) live();
    QCOMPARE(entries("/proc/self/task"), threads);
    QCOMPARE(entries("/proc/self/fd"), descriptors);
    QVERIFY2(heap() - in_use < 1024, qPrintable(QString("%1 KiB more").arg(heap() - in_use)));
    QVERIFY2(mappings() - mapped < 100, qPrintable(QString("%1 mappings more").arg(mappings() - mapped)));
    qInfo("%d cycles: %lld KiB of the heap and %lld mappings more", cycles, static_cast<long long>(heap() - in_use), static_cast<long long>(mappings() - mapped));
  }
};

QTEST_MAIN(ChatTest)
#include "chat_test.moc"
