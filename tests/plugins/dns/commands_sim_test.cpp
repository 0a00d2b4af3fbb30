// What a person gets who types `tharsis dns resolve` or `trace` in a simulated world.
#include <gtest/gtest.h>

#include "plugins/dns/resolve_command.h"
#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

// The terminal of a command.
struct terminal {
  terminal() {
    table.size = sizeof table;
    table.self = this;
    table.print = [](void* self, tharsis_text line) { static_cast<terminal*>(self)->out += std::string(view(line)) + "\n"; };
    table.complain = [](void* self, tharsis_text line) { static_cast<terminal*>(self)->wrong += std::string(view(line)) + "\n"; };
    table.finish = [](void* self, int32_t code) { static_cast<terminal*>(self)->code = code; };
  }
  command_call call(const char* name, std::vector<const char*> words) const {
    const tharsis_command_call c{sizeof c, static_cast<uint32_t>(words.size()), name, words.data(), &table, text_of("/")};
    return command_call(c);
  }
  tharsis_console table{};
  std::string out, wrong;
  int code = -1;
};

// The service of a command keeps nothing, and has settings of its own.
std::string typed(network& n, const char* name, const std::vector<const char*>& words) {
  terminal t;
  std::optional<resolve_command> command;
  n.box.send([&] {
    command.emplace(n.box.tables(), *n.box.place, n.s, std::string());
    command->run(t.call(name, words));
  });
  EXPECT_TRUE(n.world.run_until([&] { return t.code != -1; }, n.world.now() + 30s));
  n.box.send([&] { command->close(); });
  n.world.run_for(1s);
  command.reset();
  EXPECT_EQ(t.wrong, "");
  return t.out + std::to_string(t.code);
}

}  // namespace

// Without a --server it is what a plugin gets: the profile's last resort, too. Who asks closer asks the servers.
TEST(CommandsSim, ResolveAnswersAsAPluginIsAnswered) {
  network n(1);
  n.s.budget = 300ms;
  n.s.last_resort["im.example.com"] = {*parse_ip("192.0.2.200")};
  n.add_plain("10.0.0.53", [](const octets&) { return std::vector<dns_server::saying>(); });
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.200 single");
  const std::string said = typed(n, "resolve", {"im.example.com", "-4"});
  EXPECT_NE(said.find("192.0.2.200  (last_resort, single"), std::string::npos) << said;
  EXPECT_EQ(said.back(), '0');
  for (const auto& [name, words] : {std::pair("resolve", std::vector<const char*>{"im.example.com", "-4", "--server", "udp://10.0.0.53"}),
                                    std::pair("resolve", std::vector<const char*>{"im.example.com", "-4", "--explain"}), std::pair("trace", std::vector<const char*>{"im.example.com", "-4"})}) {
    const std::string close = typed(n, name, words);
    EXPECT_EQ(close.find("192.0.2.200"), std::string::npos) << close;
    EXPECT_NE(close.find("no answer came in time"), std::string::npos) << close;
    EXPECT_EQ(close.back(), '1') << name;
  }
}

// Nobody waits longer than was typed, nor shorter.
TEST(CommandsSim, ADeadlineIsForTheServersWhateverTheProfileSays) {
  network n(2);
  n.s.timeout = 1s;
  n.add_plain("10.0.0.53", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).address(truth).bytes, 3s}}; });
  n.start();
  EXPECT_NE(typed(n, "resolve", {"im.example.com", "-4", "--deadline", "5s"}).find("192.0.2.1  (udp://10.0.0.53"), std::string::npos);
}
