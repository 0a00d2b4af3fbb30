// What a person gets who types `tharsis dns resolve`, `trace` or `serve` in a simulated world.
#include <gtest/gtest.h>

#include "plugins/dns/host_source.h"
#include "plugins/dns/resolve_command.h"
#include "plugins/dns/serve_command.h"
#include "tests/plugins/dns/servers_world.h"
#include "tests/plugins/dns/signed_table.h"

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

// An application's source that answers at once.
struct quick_source {
  quick_source() : table{sizeof table, this, ask, [](void*, tharsis_handle) {}} {}
  static tharsis_status ask(void*, tharsis_handle number, tharsis_text, uint32_t, int64_t, tharsis_dns_own_done done, void* context, tharsis_error*) {
    const tharsis_address at = *parse_ip("192.0.2.44");
    tharsis_dns_own_answer a{};
    a.size = sizeof a;
    a.addresses = &at;
    a.count = 1;
    a.life = std::chrono::nanoseconds(60s).count();
    done(context, number, &a);
    return THARSIS_OK;
  }
  tharsis_dns_own_source table;
};

// `dns serve` with what is kept in `folder`, asked once by another machine: the address, or the code.
std::string served(network& n, const std::string& folder, const tharsis_dns_own_source* own_table = nullptr) {
  terminal t;
  std::optional<serve_command> command;
  host_source own(n.box.tables(), *n.box.place);
  n.box.send([&] {
    command.emplace(n.box.tables(), *n.box.place, n.s, folder);
    command->use(own);
    if (own_table != nullptr) own.use(own_table);
    command->run(t.call("serve", {"--listen", "10.0.0.1:5300", "--open"}));
  });
  n.world.run_for(1s);
  EXPECT_NE(t.out.find("answers names on"), std::string::npos) << t.wrong;
  tharsis::test::host_on_strand program(n.world.add_machine("program", {"10.0.0.8"}).platform(), "program");
  std::unique_ptr<udp_socket> socket;
  std::string said = "nothing";
  const auto take = [&] {
    octets reply(4096);
    tharsis_address from{};
    const auto size = socket->receive(reply, from);
    message m;
    if (!size || message::read(std::span(reply).first(*size), m) != defect::none) return;
    const findings f = read_findings(question{.name = "im.example.com"}, m);
    said = f.addresses.empty() ? "code " + std::to_string(m.code()) : ip_text(f.addresses[0]);
  };
  program.send([&] {
    socket = std::make_unique<udp_socket>(*program.own->net, take);
    ASSERT_EQ(socket->open(*parse_ip("10.0.0.8"), nullptr), THARSIS_OK);
    take();  // From then on it is told.
    socket->send(*parse_place("10.0.0.1:5300"), bytes_of(question{.name = "im.example.com"}));
  });
  n.world.run_for(5s);
  program.send([&] { socket.reset(); });
  n.box.send([&] { command->stop(), own.use(nullptr); });
  n.world.run_for(1s);
  command.reset();
  program.own->close(program.own->self);
  return said;
}

}  // namespace

TEST(CommandsSim, ServeAsksTheApplicationsOwnSource) {
  network n(3);
  server to;
  to.by = way::host;
  to.text = "host";
  to.trusted_host = true;
  n.s.servers.push_back(to);
  n.start();
  const quick_source source;
  EXPECT_EQ(served(n, "", &source.table), "192.0.2.44");
}

// The last signed table is kept by the program that runs; who looks beside it takes no older one.
TEST(CommandsSim, ServeTakesNoTableThatIsOlderThanTheOneThatIsKept) {
  network n(4);
  const table_signer owner = signer_of(1);
  n.s.known.table_keys = {owner.open()};
  n.s.known.table_file = "/delivered/table";
  const tharsis_files& files = *n.client.platform()->files;
  const int64_t today = n.box.place->wall() / 1'000'000'000;
  for (const auto& [path, serial, ip] : {std::tuple("/state/table", 9, "192.0.2.9"), std::tuple("/delivered/table", 8, "192.0.2.8")}) {
    address_table t;
    t.serial = static_cast<uint64_t>(serial);
    t.from = today - 3600;
    t.until = today + 86'400;
    t.names["im.example.com"] = {600, {{*parse_ip(ip), 1, ""}}};
    const std::string text = *write_table(t, owner), whole(path);
    ASSERT_EQ(files.make_folder(files.self, text_of(whole.substr(0, whole.rfind('/'))), nullptr), THARSIS_OK);
    ASSERT_EQ(files.replace(files.self, text_of(whole), tharsis::bytes_of(as_bytes(text)), nullptr), THARSIS_OK);
  }
  n.start();
  const auto kept = n.client.storage()->content("/state/table");
  EXPECT_EQ(served(n, "/state"), "192.0.2.9");
  EXPECT_EQ(n.client.storage()->content("/state/table"), kept) << "and leaves what is kept as it is";
}

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
