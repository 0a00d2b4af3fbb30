// The same questions through c-ares: PORT SECONDS; a hundred under way. Prints "answered COUNT".
#include <ares.h>
#include <arpa/inet.h>
#include <sys/select.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr int outstanding = 100;

struct load {
  ares_channel channel = nullptr;
  std::chrono::steady_clock::time_point end;
  unsigned long asked = 0, answered = 0;
  int open = 0;

  void ask() {
    ++open;
    const std::string name = "n" + std::to_string(asked++ % 1000) + ".bench.test";
    ares_query(channel, name.c_str(), 1, 1, &load::on_answer, this);
  }
  static void on_answer(void* self, int status, int, unsigned char*, int) {
    load& l = *static_cast<load*>(self);
    --l.open;
    if (status == ARES_SUCCESS) ++l.answered;
    if (status != ARES_EDESTRUCTION && std::chrono::steady_clock::now() < l.end) l.ask();
  }
};

}  // namespace

int main(int count, char** words) {
  if (count != 3 || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) return 2;
  load l;
  ares_options options{};
  options.timeout = 2000;
  if (ares_init_options(&l.channel, &options, ARES_OPT_TIMEOUTMS) != ARES_SUCCESS) return 1;
  if (ares_set_servers_ports_csv(l.channel, ("127.0.0.1:" + std::string(words[1])).c_str()) != ARES_SUCCESS) return 1;
  l.end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(words[2]));
  for (int i = 0; i < outstanding; ++i) l.ask();
  while (l.open > 0) {
    fd_set read, write;
    FD_ZERO(&read);
    FD_ZERO(&write);
    const int highest = ares_fds(l.channel, &read, &write);
    timeval at_most{1, 0};
    timeval* const wait = ares_timeout(l.channel, &at_most, &at_most);
    select(highest, &read, &write, nullptr, wait);
    ares_process(l.channel, &read, &write);
  }
  ares_destroy(l.channel);
  std::printf("answered %lu\n", l.answered);
  return 0;
}
