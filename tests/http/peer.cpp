// Our HTTP/1.1 as a program over real sockets, for http_peers_test.py to set against those of others:
//   http_peer identity FOLDER       writes ca.pem, server.pem and server-key.pem for 127.0.0.1 and localhost
//   http_peer serve [FOLDER]        serves on a free port, which it prints, until GET /stop; with TLS of that identity
//   http_peer ask METHOD URL ...    prints "STATUS SIZE SUM" of each answer, or "failed: SENTENCE"
//     --ca FILE  --size BYTES of body  --times N  --expect  --chunks  --repeatable
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "runtime/real_platform.h"
#include "sdk/async/certificates.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/http_endpoint.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

using namespace tharsis;

namespace {

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// FNV-1a, which the test knows too.
class checksum {
 public:
  void add(std::span<const uint8_t> bytes) {
    for (const uint8_t b : bytes) value_ = (value_ ^ b) * 1099511628211u;
    size_ += bytes.size();
  }
  std::string text() const { return std::to_string(size_) + " " + std::to_string(value_); }

 private:
  uint64_t value_ = 14695981039346656037u;
  size_t size_ = 0;
};

// Bytes that differ from place to place: a piece that is lost or doubled shows.
std::string pattern(size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + (i + i / 251) % 26);
  return out;
}

class server {
 public:
  server(const tharsis_strand& s, std::optional<tls_context> tls)
      : place_(s.loop), listener_(place_, *s.net), tls_(std::move(tls)), work_(place_) {}

  void start() {
    tharsis_error reason = no_error();
    tharsis_address on = *parse_ip("127.0.0.1");
    if (listener_.listen(on, &reason) != THARSIS_OK) std::fprintf(stderr, "%s\n", reason.text);
    std::printf("%s://127.0.0.1:%d\n", tls_ ? "https" : "http", listener_.address().port);
    std::fflush(stdout);
    work_.spawn(accept_all());
  }
  bool over() const { return stopped_; }

 private:
  task<void> accept_all() {
    for (;;) {
      while (auto wire = listener_.accept()) work_.spawn(serve(std::move(wire)));
      co_await listener_.events().wait();
    }
  }

  task<void> serve(std::unique_ptr<stream> wire) {
    if (tls_) {
      auto secured = co_await tls_accept(place_, std::move(wire), *tls_, later(place_.now(), 30s));
      if (!secured) co_return;
      wire = std::move(*secured);
    }
    http1_server_settings how;
    how.limits.body = 64 << 20;
    co_await serve_http1(place_, std::move(wire), [this](http1_exchange& x) { return answer(x); }, how);
  }

  task<void> answer(http1_exchange& x) {
    if (x.path() == "/echo") return echo(x);
    if (x.path() == "/mirror") return mirror(x);
    if (x.path() == "/sum") return sum(x);
    stopped_ = stopped_ || x.path() == "/stop";
    return x.path() == "/stop" ? say(x, 200, "bye\n") : x.path() == "/ignore" ? say(x, 200, "whatever\n") : say(x, 404, "nothing is here\n");
  }
  static task<void> say(http1_exchange& x, int status, std::string text) { co_await x.answer(status, std::move(text)); }
  static task<void> echo(http1_exchange& x) {
    auto body = co_await x.read_all(8 << 20);
    if (body) co_await x.answer(200, std::move(*body));
  }
  static task<void> sum(http1_exchange& x) {
    checksum sum;
    for (;;) {
      const auto piece = co_await x.read();
      if (!piece) co_return;
      if (piece->empty()) break;
      sum.add(*piece);
    }
    co_await x.answer(200, sum.text());
  }
  // Each piece back as it comes; the first is read before the answer begins, for a peer that waits to be asked.
  static task<void> mirror(http1_exchange& x) {
    auto piece = co_await x.read();
    if (!piece) co_return;
    http1::response_head head;
    error e = co_await x.begin(std::move(head));
    while (e.status == THARSIS_OK && !piece->empty()) {
      e = co_await x.write(*piece);
      piece = co_await x.read();
      if (!piece) co_return;
    }
    if (e.status == THARSIS_OK) co_await x.finish();
  }

  strand place_;
  tcp_listener listener_;
  std::optional<tls_context> tls_;
  bool stopped_ = false;
  task_set work_;
};

struct wish {
  std::string method;
  url to;
  std::optional<tls_context> trust;
  size_t size = 0;
  int times = 1;
  bool expect = false, chunks = false, repeatable = false;
};

class client {
 public:
  client(const tharsis_strand& s, wish w)
      : place_(s.loop), names_(place_, *s.net, nullptr), wish_(std::move(w)),
        endpoint_(place_, wish_.to, dial_with(place_, *s.net, names_, wish_.trust)), work_(place_) {}

  void start() { work_.spawn(run()); }
  bool over() const { return work_.empty(); }

 private:
  task<void> run() {
    for (int i = 0; i < wish_.times; ++i) {
      const instant deadline = later(place_.now(), 60s);
      std::string line;
      if (wish_.chunks) {
        line = co_await stream_one(deadline);
      } else {
        http1_request request;
        request.head = {wish_.method, wish_.to.target, {}};
        request.body = pattern(wish_.size);
        request.expect_continue = wish_.expect;
        request.repeatable = wish_.repeatable;
        const auto answer = co_await endpoint_.exchange(std::move(request), 64 << 20, deadline);
        line = answer ? describe(answer->head.status, answer->body) : "failed: " + answer.failure().text;
      }
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);
    }
  }

  // The body in chunks, the answer in pieces.
  task<std::string> stream_one(instant deadline) {
    auto connection = co_await endpoint_.connection(deadline);
    if (!connection) co_return "failed: " + connection.failure().text;
    http1_client& c = **connection;
    http1::request_head asked;
    asked.method = wish_.method;
    asked.target = wish_.to.target;
    if (const error e = c.begin(std::move(asked), {}); e.status != THARSIS_OK) co_return "failed: " + e.text;
    const std::string body = pattern(wish_.size);
    for (std::string_view rest = body; !rest.empty();) {
      const auto piece = rest.substr(0, 10'000);
      rest.remove_prefix(piece.size());
      const auto more = co_await c.write(as_bytes(piece), deadline);
      if (!more) co_return "failed: " + more.failure().text;
      if (!*more) break;
    }
    const auto head = co_await c.head(deadline);
    if (!head) co_return "failed: " + head.failure().text;
    std::string all;
    for (;;) {
      const auto piece = co_await c.read(deadline);
      if (!piece) co_return "failed: " + piece.failure().text;
      if (piece->empty()) break;
      all += as_text(*piece);
    }
    endpoint_.keep(std::move(*connection));
    co_return describe(head->status, all);
  }

  static std::string describe(int status, std::string_view body) {
    checksum sum;
    sum.add(as_bytes(body));
    return std::to_string(status) + " " + sum.text();
  }

  strand place_;
  resolver names_;
  const wish wish_;
  http_endpoint endpoint_;
  task_set work_;
};

// Runs it on the program's own thread until it is over.
template <class What, class Argument>
int run(Argument argument) {
  runtime::real_platform platform;
  const tharsis_strand* strand = nullptr;
  tharsis_error reason = no_error();
  if (platform.table()->strand_open(platform.table()->self, "peer", THARSIS_STRAND_MAIN, &strand, &reason) != THARSIS_OK) return 1;
  struct life {
    const tharsis_strand& strand;
    Argument argument;
    std::optional<What> what;
  } alive{*strand, std::move(argument), {}};
  const auto post = [&](tharsis_wake wake) { strand->loop->post(strand->loop->self, strand->id, wake, &alive, 0); };
  post([](void* context, tharsis_handle) {
    auto& self = *static_cast<life*>(context);
    self.what.emplace(self.strand, std::move(self.argument));
    self.what->start();
  });
  while (!alive.what || !alive.what->over()) platform.run_main(10ms, 1s);
  for (int i = 0; i < 20; ++i) platform.run_main(10ms, 10ms);  // The last answer leaves.
  post([](void* context, tharsis_handle) { static_cast<life*>(context)->what.reset(); });
  while (alive.what) platform.run_main(10ms, 1s);
  return 0;
}

int make_identity(const std::string& folder) {
  runtime::real_platform platform;
  const int64_t now = 1'767'225'600;  // Of 2026; for a hundred years.
  const auto authority = make_authority(*platform.table()->random, "HTTP tests", now, 36'500);
  if (!authority) return 1;
  const auto own = issue_server_certificate(*platform.table()->random, *authority, {"127.0.0.1", "localhost"}, now, 36'500);
  if (!own) return 1;
  std::ofstream(folder + "/ca.pem") << authority->certificate_pem;
  std::ofstream(folder + "/server.pem") << own->certificate_pem;
  std::ofstream(folder + "/server-key.pem") << own->private_key_pem;
  return 0;
}

int fail_with(const std::string& text) {
  std::fprintf(stderr, "http_peer: %s\n", text.c_str());
  return 2;
}

int ask(const std::vector<std::string>& words) {
  wish w;
  w.method = words[1];
  const auto to = parse_url(words[2]);
  if (!to) return fail_with(to.failure().text);
  w.to = *to;
  for (size_t i = 3; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--expect") w.expect = true;
    else if (word == "--chunks") w.chunks = true;
    else if (word == "--repeatable") w.repeatable = true;
    else if (i + 1 == words.size()) return fail_with("what is " + word + "?");
    else if (word == "--size") w.size = std::stoul(words[++i]);
    else if (word == "--times") w.times = std::stoi(words[++i]);
    else if (word == "--ca") {
      auto trust = tls_context::client({.ca_pem = content(words[++i]), .http1 = true});
      if (!trust) return fail_with(trust.failure().text);
      w.trust = std::move(*trust);
    }
  }
  return run<client>(std::move(w));
}

}  // namespace

int main(int count, char** given) {
  const std::vector<std::string> words(given + 1, given + count);
  if (words.size() == 2 && words[0] == "identity") return make_identity(words[1]);
  if (words.size() == 1 && words[0] == "serve") return run<server>(std::optional<tls_context>());
  if (words.size() == 2 && words[0] == "serve") {
    auto own = tls_context::server({content(words[1] + "/server.pem"), content(words[1] + "/server-key.pem"), true});
    return own ? run<server>(std::optional<tls_context>(std::move(*own))) : fail_with(own.failure().text);
  }
  if (words.size() >= 3 && words[0] == "ask") return ask(words);
  return fail_with("identity FOLDER, serve [FOLDER], ask METHOD URL ...");
}
