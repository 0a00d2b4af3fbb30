// tharsis_chat ENDPOINT USER [STATE]     Its server: tharsis stn serve tcp://127.0.0.1:7000
#include <QApplication>
#include <QMessageBox>

#include "sdk/hosts/qt/chat/chat_window.h"

int main(int count, char** words) {
  QApplication application(count, words);  // Outlives what is caught: a message wants it too.
  QApplication::setApplicationName("tharsis_chat");
  const QString endpoint = count > 1 ? words[1] : "tcp://127.0.0.1:7000", user = count > 2 ? words[2] : "ann";
  TharsisRuntime::Options options;
  options.sets = {{"stn.links.main.endpoints", QStringList{endpoint}}, {"stn.links.main.user", user}};
  options.state = count > 3 ? QString(words[3]) : QString();
  try {
    ChatWindow window(user, options);
    window.show();
    return QApplication::exec();
  } catch (const TharsisError& error) {
    qCritical("tharsis_chat: %s", error.what());
    QMessageBox::critical(nullptr, "Tharsis", error.what());
    return 1;
  }
}
