#include "sdk/hosts/qt/chat/chat_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDateTime>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QVBoxLayout>

#include "sdk/abi/log.h"
#include "sdk/pure/mars_messages.h"

namespace {

// Commands of the demo's server: plugins/gateway/README.md.
enum : quint32 { command_message = 3, command_echo = 100, command_push = 10001 };
constexpr auto topic_all = "0";
constexpr int probe_every_ms = 1000, probe_patience_ms = 2000;
constexpr auto all_well = "Nothing is wrong.";

QByteArray bytesOf(const tharsis::mars::bytes& b) { return QByteArray(reinterpret_cast<const char*>(b.data()), static_cast<qsizetype>(b.size())); }

QString coloured(const QString& state) {
  const QString colour = state == "up" ? "#2e8b57" : state == "connecting" ? "#c98a00" : "#c03030";
  return QStringLiteral("<span style='color:%1'>&#9679;</span> <b>%2</b>").arg(colour, state);
}

}  // namespace

ChatWindow::ChatWindow(const QString& user, const TharsisRuntime::Options& options) : user_(user), runtime_(options) {
  build();
  follow();
  runtime_.setAccount(user);
  runtime_.start();
  runtime_.followLog(THARSIS_LOG_INFO);
  probes_.start(probe_every_ms);
}

void ChatWindow::build() {
  setWindowTitle("Tharsis chat - " + user_);
  resize(900, 600);
  auto* const all = new QWidget;
  auto* const columns = new QHBoxLayout;
  auto* const talk = new QVBoxLayout;
  messages_ = new QListWidget;
  line_ = new QLineEdit;
  line_->setPlaceholderText("Say something to everybody");
  auto* const send = new QPushButton("Send");
  auto* const sending = new QHBoxLayout;
  sending->addWidget(line_);
  sending->addWidget(send);
  talk->addWidget(messages_);
  talk->addLayout(sending);

  auto* const network = new QGroupBox("Network");
  network->setMinimumWidth(360);
  auto* const rows = new QVBoxLayout(network);
  state_ = new QLabel(coloured("starting"));
  why_ = new QLabel;
  time_ = new QLabel;
  verdict_ = new QLabel;
  for (QLabel* const text : {why_, time_, verdict_}) text->setWordWrap(true);
  plot_ = new Plot;
  auto* const button = new QPushButton("Diagnosis");
  for (QWidget* const row : std::initializer_list<QWidget*>{state_, why_, time_, plot_, verdict_}) rows->addWidget(row);
  rows->addStretch();
  rows->addWidget(button);
  columns->addLayout(talk, 3);
  columns->addWidget(network, 2);

  log_ = new QPlainTextEdit;
  log_->setReadOnly(true);
  log_->setMaximumBlockCount(1000);
  log_->setLineWrapMode(QPlainTextEdit::NoWrap);
  auto* const rest = new QVBoxLayout(all);
  rest->addLayout(columns, 3);
  rest->addWidget(log_, 1);
  setCentralWidget(all);
  connect(send, &QPushButton::clicked, this, &ChatWindow::say);
  connect(line_, &QLineEdit::returnPressed, this, &ChatWindow::say);
  connect(button, &QPushButton::clicked, this, &ChatWindow::diagnose);
}

void ChatWindow::follow() {
  connect(qApp, &QGuiApplication::applicationStateChanged, this, [this](Qt::ApplicationState s) { runtime_.setForeground(s == Qt::ApplicationActive); });
  connect(&runtime_, &TharsisRuntime::linkChanged, this, &ChatWindow::onLink);
  connect(&runtime_, &TharsisRuntime::published, this, [this](const QString& topic, const QJsonObject& payload) {
    if (topic == "stn.link") endpoint_ = payload.value("endpoint").toString();
  });
  connect(&runtime_, &TharsisRuntime::pushed, this, &ChatWindow::onPush);
  connect(&runtime_, &TharsisRuntime::verdict, this, [this](const QString& headline, const QString& advice) {
    verdict_->setText("<b>" + headline.toHtmlEscaped() + "</b> " + advice.toHtmlEscaped());
  });
  connect(&runtime_, &TharsisRuntime::logged, this, [this](int level, const QString& plugin, const QString& text) {
    static const char* const names[] = {"verbose", "debug", "info", "warning", "error", "fatal"};
    const QString time = QTime::currentTime().toString("hh:mm:ss");
    log_->appendPlainText(QString("%1 %2 %3 %4").arg(time).arg(names[qBound(0, level, 5)], -7).arg(plugin, text));
  });
  connect(&runtime_, &TharsisRuntime::stopped, this, [this] { close(); });
  connect(&probes_, &QTimer::timeout, this, &ChatWindow::probe);
}

// What a round trip costs now, server included.
void ChatWindow::probe() {
  TharsisTask echo;
  echo.command = command_echo;
  echo.timeoutMs = probe_patience_ms;
  runtime_.send(echo, this, [this](const TharsisAnswer& answer) {
    plot_->add(answer.status < 0 ? -1 : answer.answerMs);
    if (answer.status < 0) doubt();
    time_->setText(answer.status < 0 ? answer.reason : QString("answers after %1 ms").arg(answer.answerMs, 0, 'f', 1));
  });
}

void ChatWindow::onLink(const QString& link, const QString& state, const QString& reason) {
  state_->setText(coloured(state));
  why_->setText(reason);
  history_ << QString("%1  %2 is %3  %4").arg(QTime::currentTime().toString("hh:mm:ss.zzz"), link, state, reason);
  if (state == "up") verdict_->setText(all_well);
  else doubt();
}

// Until somebody knows better. Not each trouble has a diagnosis of its own: sdt.automatic.
void ChatWindow::doubt() {
  if (verdict_->text() == all_well) verdict_->clear();
}

void ChatWindow::onPush(const QString&, quint32 command, const QByteArray& body) {
  if (command != command_push) return;
  const auto push = tharsis::mars::decode<tharsis::mars::message_push>({reinterpret_cast<const uint8_t*>(body.constData()), static_cast<size_t>(body.size())});
  if (push) add(QString::fromStdString(push->from), QString::fromStdString(push->content), false);
}

void ChatWindow::say() {
  const QString text = line_->text();
  if (text.isEmpty()) return;
  line_->clear();
  TharsisTask task;
  task.command = command_message;
  task.key = QByteArray::number(QDateTime::currentMSecsSinceEpoch()) + user_.toUtf8();  // So that a lost connection repeats nothing.
  task.body = bytesOf(encode(tharsis::mars::send_message_request{"", user_.toStdString(), "all", text.toStdString(), topic_all}));
  add(user_, text, true);
  runtime_.send(task, this, [this, text](const TharsisAnswer& answer) {
    if (answer.status < 0) add("not sent", text + ": " + answer.reason, true);
  });
}

void ChatWindow::add(const QString& who, const QString& text, bool mine) {
  auto* const item = new QListWidgetItem(who + ": " + text);
  if (mine) item->setTextAlignment(Qt::AlignRight);
  messages_->addItem(item);
  messages_->scrollToBottom();
}

QStringList ChatWindow::messages() const {
  QStringList all;
  for (int i = 0; i < messages_->count(); ++i) all << messages_->item(i)->text();
  return all;
}

QString ChatWindow::reportText(const TharsisDiagnosis& d) const {
  QStringList lines{"<h3>" + d.sentence.toHtmlEscaped() + "</h3>", "<p>" + d.detail.toHtmlEscaped() + "</p>"};
  if (!d.code.isEmpty()) lines << QString("<p>%1, %2, %3% sure; to blame: %4. %5</p>").arg(d.code, d.certainty).arg(d.confidence).arg(d.blame, d.action);
  lines << "<p>The link, newest last:</p><pre>";
  for (const QString& one : history_) lines << one.toHtmlEscaped();
  lines << "</pre><p>Plugins:</p><pre>";
  for (const auto& plugin : runtime_.report().value("plugins").toArray()) {
    const QJsonObject p = plugin.toObject();
    lines << QString("%1 %2 %3").arg(p.value("id").toString(), -8).arg(p.value("state").toString(), p.value("reason").toString().toHtmlEscaped());
  }
  return lines.join("\n") + "</pre>";
}

void ChatWindow::diagnose() {
  auto* const dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle("Diagnosis");
  dialog->resize(800, 500);
  auto* const rows = new QVBoxLayout(dialog);
  auto* const text = new QPlainTextEdit("Asking the network what is wrong ...");
  text->setReadOnly(true);
  auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
  rows->addWidget(text);
  rows->addWidget(buttons);
  dialog->show();
  runtime_.diagnose(endpoint_, text, [this, text](const TharsisDiagnosis& diagnosis) {
    text->clear();
    text->appendHtml(reportText(diagnosis));
    text->moveCursor(QTextCursor::Start);
  });
}

// The plugins stop while the window still answers; then it closes.
void ChatWindow::closeEvent(QCloseEvent* event) {
  if (runtime_.report().value("state") == "stopped") {
    emit closed();
    return event->accept();
  }
  event->ignore();
  probes_.stop();
  runtime_.stop();
}
