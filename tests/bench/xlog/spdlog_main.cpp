// The same lines as process_main.cpp's "write", to spdlog's asynchronous logger with its defaults.
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include "tests/bench/xlog/load.h"

namespace {

template <class... A>
using format = spdlog::format_string_t<const A&...>;

// Speaks like a tharsis::logger.
struct spdlog_log {
  spdlog::logger& to;
  template <class... A>
  void verbose(format<A...> f, const A&... a) const { to.trace(f, a...); }
  template <class... A>
  void debug(format<A...> f, const A&... a) const { to.debug(f, a...); }
  template <class... A>
  void info(format<A...> f, const A&... a) const { to.info(f, a...); }
  template <class... A>
  void warning(format<A...> f, const A&... a) const { to.warn(f, a...); }
  template <class... A>
  void error(format<A...> f, const A&... a) const { to.error(f, a...); }
};

}  // namespace

int main(int count, char** words) {
  using namespace tharsis::bench;
  const load l = load_of(count, words);
  auto log = spdlog::basic_logger_mt<spdlog::async_factory>("bench", l.folder + "/log/spdlog.txt", true);
  log->set_level(spdlog::level::trace);
  log->info("a first line");
  write_all(l, spdlog_log{*log}, [&] {
    log.reset();
    spdlog::shutdown();
  });
}
