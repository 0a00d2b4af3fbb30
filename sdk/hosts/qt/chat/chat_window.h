// A chat over the demo's server: what is said, how the network is while it is said, and the log.
#pragma once
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMainWindow>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTimer>

#include "sdk/hosts/qt/chat/plot.h"
#include "sdk/hosts/qt/tharsis_qt.h"

class ChatWindow : public QMainWindow {
  Q_OBJECT

 public:
  // Throws a TharsisError when the profile is wrong.
  ChatWindow(const QString& user, const TharsisRuntime::Options& options);

  TharsisRuntime& runtime() { return runtime_; }
  // What a person sees, for tests.
  QString state() const { return state_->text(); }
  QString verdict() const { return verdict_->text(); }
  QStringList messages() const;
  const Plot& plot() const { return *plot_; }
  QString logText() const { return log_->toPlainText(); }

 public slots:
  void say();       // What stands in the line.
  void diagnose();  // Asks what is wrong, and opens the report.

 signals:
  void closed();

 protected:
  void closeEvent(QCloseEvent* event) override;

 private:
  void build();
  void follow();
  void probe();
  void doubt();
  void onLink(const QString& link, const QString& state, const QString& reason);
  void onPush(const QString& link, quint32 command, const QByteArray& body);
  void add(const QString& who, const QString& text, bool mine);
  QString reportText(const TharsisDiagnosis& diagnosis) const;

  const QString user_;
  TharsisRuntime runtime_;
  QTimer probes_;
  QListWidget* messages_ = nullptr;
  QLineEdit* line_ = nullptr;
  QLabel *state_ = nullptr, *why_ = nullptr, *time_ = nullptr, *verdict_ = nullptr;
  Plot* plot_ = nullptr;
  QPlainTextEdit* log_ = nullptr;
  QStringList history_;  // Of the link,
  QString endpoint_;     // and where it goes.
};
