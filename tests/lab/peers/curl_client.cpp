// The libcurl peer: its multi interface, over up to 64 HTTP/1.1 connections or one of HTTP/2, as its manual shows.
#include <curl/curl.h>
#include <sys/timerfd.h>

#include <map>
#include <memory>
#include <string>

#include "tests/lab/peers/client_program.h"
#include "tests/lab/peers/tcp_socket.h"

namespace tharsis::lab {
namespace {

constexpr long http1_connections_max = 64;
// libcurl 7.88 asks for no time of its own when it goes on to a name's next address; a loop that turns helps it.
constexpr int turn_ms = 100;

struct transfer {
  uint32_t request = 0;
  CURL* handle = nullptr;
  std::string answer;
};

size_t keep_answer(char* bytes, size_t one, size_t count, void* into) {
  static_cast<transfer*>(into)->answer.append(bytes, one * count);
  return one * count;
}

// libcurl tells its log what it sends and receives: HTTP before TLS, HTTP/2's headers as text.
int count_bytes(CURL*, curl_infotype type, char*, size_t size, void* into) {
  traffic& moved = *static_cast<traffic*>(into);
  if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) moved.bytes_sent += size;
  if (type == CURLINFO_HEADER_IN || type == CURLINFO_DATA_IN) moved.bytes_received += size;
  return 0;
}

// libcurl waits in whole milliseconds; a request is due to the microsecond.
class precise_timer {
 public:
  precise_timer() : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {}
  int descriptor_number() const { return fd_.number(); }
  void set(duration wait) {
    wait = std::max<duration>(wait, 1ns);  // Zero would switch it off.
    const itimerspec at{{}, {wait / 1s, (wait % 1s).count()}};
    timerfd_settime(fd_.number(), 0, &at, nullptr);
  }

 private:
  descriptor fd_;
};

class curl_client {
 public:
  explicit curl_client(load_run& run) : run_(run), multi_(curl_multi_init()) {
    const bool is_http2 = run.arguments().has("--http2");
    version_ = is_http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, is_http2 ? 1 : http1_connections_max);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, http1_connections_max);

    const std::string& name = run.arguments().name;
    const auto& endpoints = run.arguments().endpoints;
    const std::string host = name.find(':') == std::string::npos ? name : "[" + name + "]";
    const std::string port = std::to_string(endpoints[0].port);
    url_ = (run.arguments().tls ? "https://" : "http://") + host + ":" + port + "/echo";
    std::string addresses;
    for (const endpoint& e : endpoints)
      if (parse_ip(e.host)) addresses += (addresses.empty() ? "" : ",") + e.host;
    if (!addresses.empty() && !parse_ip(name))
      resolve_ = curl_slist_append(resolve_, (name + ":" + port + ":" + addresses).c_str());
    headers_ = curl_slist_append(headers_, "Content-Type: application/octet-stream");
  }
  curl_client(const curl_client&) = delete;
  ~curl_client() {
    for (auto& [request, t] : transfers_) close(*t);
    curl_multi_cleanup(multi_);
    curl_slist_free_all(resolve_);
    curl_slist_free_all(headers_);
  }

  void work() {
    while (!run_.loop().done()) {
      const instant now = clock_now();
      while (const auto request = run_.loop().take_due(now)) start(*request, now);
      // Those that wait for a connection are not timed by libcurl itself.
      while (const auto request = run_.loop().take_expired(now)) forget(*request);
      int running = 0;
      curl_multi_perform(multi_, &running);
      take_finished();
      wait();
    }
  }

 private:
  void start(uint32_t request, instant now) {
    auto t = std::make_unique<transfer>();
    t->request = request;
    t->handle = curl_easy_init();
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(t->handle, option, value); };
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_HTTP_VERSION, version_);
    set(CURLOPT_PIPEWAIT, run_.arguments().has("--http2") ? 1L : 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_RESOLVE, resolve_);
    if (!run_.arguments().ca_file.empty()) set(CURLOPT_CAINFO, run_.arguments().ca_file.c_str());
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_POSTFIELDS, run_.body().data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(run_.body().size()));
    set(CURLOPT_TIMEOUT_MS, std::max<long>(1, milliseconds(run_.loop().deadline_of(request) - now)));
    set(CURLOPT_WRITEFUNCTION, keep_answer);
    set(CURLOPT_WRITEDATA, t.get());
    set(CURLOPT_VERBOSE, 1L);
    set(CURLOPT_DEBUGFUNCTION, count_bytes);
    set(CURLOPT_DEBUGDATA, &run_.moved);
    set(CURLOPT_PRIVATE, t.get());
    curl_multi_add_handle(multi_, t->handle);
    transfers_.emplace(request, std::move(t));
  }

  void close(const transfer& t) {
    long connects = 0;
    curl_easy_getinfo(t.handle, CURLINFO_NUM_CONNECTS, &connects);
    run_.moved.connects += static_cast<uint64_t>(connects);
    curl_multi_remove_handle(multi_, t.handle);
    curl_easy_cleanup(t.handle);
  }

  void forget(uint32_t request) {
    const auto at = transfers_.find(request);
    if (at == transfers_.end()) return;
    close(*at->second);
    transfers_.erase(at);
  }

  void take_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      transfer* t = nullptr;
      long status = 0;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
      curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
      if (code == CURLE_OPERATION_TIMEDOUT)
        run_.loop().on_failure(t->request, "deadline");
      else if (code != CURLE_OK)
        run_.loop().on_failure(t->request, curl_easy_strerror(code));
      else if (status != 200)
        run_.loop().on_failure(t->request, "HTTP status " + std::to_string(status));
      else
        run_.on_answer(t->request, t->answer);
      forget(t->request);
    }
  }

  void wait() {
    if (run_.loop().done()) return;
    timer_.set(run_.loop().deadline() - clock_now());
    curl_waitfd timer{timer_.descriptor_number(), CURL_WAIT_POLLIN, 0};
    curl_multi_poll(multi_, &timer, 1, turn_ms, nullptr);
  }

  load_run& run_;
  CURLM* multi_;
  long version_ = 0;
  std::string url_;
  curl_slist* resolve_ = nullptr;
  curl_slist* headers_ = nullptr;
  precise_timer timer_;
  std::map<uint32_t, std::unique_ptr<transfer>> transfers_;
};

result<bool> work(load_run& run) {
  const client_arguments& all = run.arguments();
  if (all.has("--http2") && !all.tls)
    return error{THARSIS_E_UNSUPPORTED, "--http2 is negotiated in TLS: use tcps://"};
  for (const endpoint& e : all.endpoints)
    if (e.port != all.endpoints[0].port)
      return error{THARSIS_E_UNSUPPORTED, e.text() + ": libcurl wants one port for all addresses of a name"};
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_client(run).work();
  curl_global_cleanup();
  return true;
}

}  // namespace
}  // namespace tharsis::lab

int main(int argc, char** argv) {
  return tharsis::lab::client_main(
      {"lab_client_curl",
       {"--http2"},
       "POSTs to /echo of an HTTP server with libcurl, over up to 64 HTTP/1.1 connections.\n"
       "  --http2           one connection of HTTP/2 instead (only with tcps://)\n",
       tharsis::lab::work},
      argc, argv);
}
