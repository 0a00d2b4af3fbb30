#include "tests/lab/peers/server_program.h"

#include <cstdio>

#include "sdk/pure/json.h"

namespace tharsis::lab {
namespace {

error wrong(const std::string& sentence) { return {THARSIS_E_INVALID, sentence}; }

std::string usage(const server_program& program) {
  return "usage: " + program.name + " [--listen ADDRESS:PORT]" + (program.has_tls ? " [--cert FILE --key FILE]" : "") +
         "\nEchoes what its client sends until SIGTERM. Prints {\"ready\":true,\"port\":N} once it listens;\n"
         "the default is 127.0.0.1:0, a port that the system chooses.\n";
}

result<tharsis_address> parse_listen(const std::string& text) {
  const auto e = parse_endpoint("tcp://" + text);
  if (!e) return wrong("--listen " + text + ": expected ADDRESS:PORT");
  auto address = parse_ip(e->host);
  if (!address) return wrong("--listen " + text + ": " + address.failure().text);
  address->port = e->port;
  return address;
}

}  // namespace

result<server_arguments> parse_server_arguments(const server_program& program,
                                                const std::vector<std::string>& words) {
  server_arguments all;
  all.listen = *parse_ip("127.0.0.1");
  for (size_t i = 0; i < words.size(); i += 2) {
    const std::string& option = words[i];
    const bool is_tls = program.has_tls && (option == "--cert" || option == "--key");
    if (option != "--listen" && !is_tls) return wrong("there is no option '" + option + "'; see --help");
    if (i + 1 == words.size()) return wrong(option + " needs a value");
    const std::string& value = words[i + 1];
    if (option == "--listen") {
      const auto address = parse_listen(value);
      if (!address) return address.failure();
      all.listen = *address;
    } else {
      (option == "--cert" ? all.certificate : all.key) = value;
    }
  }
  if (all.certificate.empty() != all.key.empty()) return wrong("--cert and --key belong together");
  return all;
}

int server_main(const server_program& program, int argc, char** argv) {
  const std::vector<std::string> words{argv + 1, argv + argc};
  if (!words.empty() && words[0] == "--help") {
    std::fputs(usage(program).c_str(), stdout);
    return 0;
  }
  auto arguments = parse_server_arguments(program, words);
  error failure;
  if (!arguments) {
    failure = arguments.failure();
  } else {
    const auto served = program.serve(*arguments);
    if (served) return 0;
    failure = served.failure();
  }
  std::fprintf(stderr, "%s: %s\n", program.name.c_str(), failure.text.c_str());
  return failure.status == THARSIS_E_INVALID ? 2 : 1;
}

void print_ready(uint16_t port) {
  std::printf("%s\n", json_object().add("ready", true).add("port", port).text().c_str());
  std::fflush(stdout);
}

}  // namespace tharsis::lab
