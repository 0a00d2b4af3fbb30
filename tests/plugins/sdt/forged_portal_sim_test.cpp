// Somebody on the way sends every page to a login, and leaves TLS alone: whoever waits for him does not wait for long.
#include <memory>
#include <optional>

#include "sdk/async/certificates.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/views.h"
#include "tests/plugins/sdt/service_scene.h"

using namespace tharsis;
using namespace tharsis::sdt;
using namespace tharsis::sdt::test;

namespace {

struct forger {
  explicit forger(tharsis::test::host_on_strand& on, tls_context own_) : at(on), own(std::move(own_)), plain(*on.place, *on.own->net), secure(*on.place, *on.own->net), work(*on.place) {}

  void serve(tcp_listener& from, uint16_t port) {
    at.send([this, &from, port] {
      auto on = *parse_ip("10.0.0.2");
      on.port = port;
      EXPECT_EQ(from.listen(on, nullptr), THARSIS_OK);
      work.spawn(take(from, port == 443));
    });
  }
  task<void> take(tcp_listener& from, bool tls) {
    for (;;) {
      while (auto wire = from.accept()) work.spawn(tls ? prove(std::move(wire)) : forge(std::move(wire)));
      co_await from.events().wait();
    }
  }
  task<void> prove(std::unique_ptr<stream> wire) {
    auto secured = co_await tls_accept(*at.place, std::move(wire), own, at.place->now() + 10s);
    tharsis::signal nobody(*at.place);
    co_await nobody.wait(at.place->now() + 10s);
  }
  task<void> forge(std::unique_ptr<stream> wire) {
    ++pages;
    const std::string page = "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.2/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    wire->write(std::vector<uint8_t>(page.begin(), page.end()));
    tharsis::signal nobody(*at.place);
    co_await nobody.wait(at.place->now() + 10s);
  }
  void close() {
    at.send([this] { work.clear(), plain.close(), secure.close(); });
  }

  tharsis::test::host_on_strand& at;
  tls_context own;
  tcp_listener plain, secure;
  task_set work;
  int pages = 0;
};

bool says(const tharsis::test::host_on_strand& box, std::string_view word) {
  for (const std::string& line : box.lines)
    if (line.find("remedy open_portal") != line.npos && line.find(word) != line.npos) return true;
  return false;
}

}  // namespace

TEST(SdtForgedPortal, ItEndsWhenTlsProvesWhoIsThereWhateverPort80Says) {
  for (const bool vouched : {true, false}) {
    SCOPED_TRACE(vouched ? "TLS of the page's own host" : "TLS of somebody else");
    settings wanted = scene_of_service::quick();
    wanted.heal.policy = heal_policy::act;
    wanted.diagnose.tls.ca = "/state/ca.pem";
    wanted.diagnose.canaries = {"http://canary.test/generate_204@10.0.0.2", "http://canary.test/@10.0.0.2"};
    scene_of_service s(7, wanted);
    s.box.on_publish = nullptr;
    const tharsis_platform& platform = *s.client.platform();
    const int64_t seconds = s.box.place->wall() / 1'000'000'000;
    const auto authority = make_authority(*platform.random, "test authority", seconds, 30);
    ASSERT_TRUE(authority);
    const auto shown = issue_server_certificate(*platform.random, *authority, {vouched ? "canary.test" : "login.test"}, seconds, 5);
    ASSERT_TRUE(shown);
    tls_server_settings how;
    how.certificate_chain_pem = shown->certificate_pem;
    how.private_key_pem = shown->private_key_pem;
    how.http1 = true;
    const tharsis_files& files = *platform.files;
    (void)files.make_folder(files.self, text_of("/state"), nullptr);
    ASSERT_EQ(files.replace(files.self, text_of("/state/ca.pem"), bytes_of(as_bytes(authority->certificate_pem)), nullptr), THARSIS_OK);
    auto made = tls_context::server(how);
    ASSERT_TRUE(made);
    forger bad(s.serving, std::move(*made));
    bad.serve(bad.plain, 80);
    s.world.run_for(1ms);
    ASSERT_EQ(s.ask("tcps://10.0.0.9:443"), THARSIS_OK);
    ASSERT_TRUE(s.world.run_until([&] { return !s.told.empty(); }, s.world.now() + 10s));
    EXPECT_EQ(s.told[0].code, "captive_portal");
    s.world.run_for(3s);
    EXPECT_FALSE(says(s.box, "ended"));
    bad.serve(bad.secure, 443);
    s.world.run_for(500ms);
    EXPECT_EQ(says(s.box, "ended"), vouched) << "no later than a quarter of a second and a handshake";
    s.world.run_for(12s);
    EXPECT_EQ(says(s.box, "ended"), vouched);
    const int before = bad.pages;
    s.world.run_for(10s);
    EXPECT_EQ(bad.pages > before, !vouched) << "who waits no more knocks no more";
    bad.close();
    s.world.run_for(1ms);
    EXPECT_EQ(s.stop(), "");
  }
}
