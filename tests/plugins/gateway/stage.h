// A gateway without a runtime, on any platform, and peers that say to it whatever a test likes.
// Everything runs on the test's own thread: in the simulated world, or on the real one's main strands.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/gateway/core/listen.h"
#include "plugins/gateway/server.h"
#include "sdk/abi/platform.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/mars_messages.h"

namespace tharsis::test {

// Runs f on the strand, later.
inline void run_on(const tharsis_strand& s, std::function<void()> f) {
  const auto wake = [](void* context, tharsis_handle) {
    const std::unique_ptr<std::function<void()>> mine(static_cast<std::function<void()>*>(context));
    (*mine)();
  };
  ASSERT_EQ(s.loop->post(s.loop->self, s.id, wake, new std::function<void()>(std::move(f)), 0), THARSIS_OK);
}

inline const tharsis_strand& open_strand(const tharsis_platform* p, uint32_t kind) {
  const tharsis_strand* strand = nullptr;
  tharsis_error error = no_error();
  EXPECT_EQ(p->strand_open(p->self, "test", kind, &strand, &error), THARSIS_OK) << error.text;
  return *strand;
}

// As much of a host as gateway::server asks for.
class bare_host {
 public:
  bare_host(const tharsis_platform* p, const tharsis_strand& s, std::string data) : platform_(p), strand_(s), data_(std::move(data)) {
    paths_ = {sizeof paths_, this, [](void* self) { return text_of(of(self).data_); },
              [](void*) { return tharsis_text{}; }};
    log_ = {sizeof log_, this, &level_, [](void* self, uint32_t level, tharsis_text text) {
              of(self).lines.push_back((level >= THARSIS_LOG_WARNING ? "W " : "I ") + std::string(view(text)));
            }, nullptr};
    table = {sizeof table, THARSIS_ABI_MINOR, this, query, [](void* self) { of(self).ready = true; },
             [](void* self) { of(self).stopped = true; },
             [](void* self, const tharsis_error* reason) { of(self).failure = reason->text; }};
  }
  bare_host(const bare_host&) = delete;

  bool logged(std::string_view part) const { return count(part) > 0; }
  size_t count(std::string_view part) const {
    size_t n = 0;
    for (const auto& line : lines) n += line.find(part) != std::string::npos;
    return n;
  }

  tharsis_host table;
  bool ready = false, stopped = false;
  std::string failure;
  std::vector<std::string> lines;

 private:
  static bare_host& of(void* self) { return *static_cast<bare_host*>(self); }
  static const void* query(void* self, const char* id) {
    const bare_host& h = of(self);
    const std::string_view name(id);
    if (name == THARSIS_LOOP_ID) return h.strand_.loop;
    if (name == THARSIS_NET_ID) return h.strand_.net;
    if (name == THARSIS_FILES_ID) return h.platform_->files;
    if (name == THARSIS_RANDOM_ID) return h.platform_->random;
    if (name == THARSIS_PATHS_ID) return &h.paths_;
    if (name == THARSIS_LOG_ID) return &h.log_;
    return nullptr;
  }

  const tharsis_platform* platform_;
  const tharsis_strand& strand_;
  const std::string data_;
  const volatile uint32_t level_ = THARSIS_LOG_VERBOSE;
  tharsis_paths paths_;
  tharsis_log log_;
};

// A gateway from start to stop; end() before the platform goes.
class running_gateway {
 public:
  running_gateway(const tharsis_platform* p, uint32_t kind, std::string data, gateway::settings s)
      : strand_(open_strand(p, kind)), host(p, strand_, std::move(data)), tables_(&host.table) {
    const auto where = gateway::place_to_listen(s);
    EXPECT_TRUE(where);
    run_on(strand_, [this, s, where] {
      place_.emplace(tables_.loop);
      server_.emplace(tables_, *place_, s, *where, std::nullopt, gateway::owner_of(tables_));
      life_.emplace(server_->life());
      life_->start(*place_);
    });
  }
  void stop() {
    run_on(strand_, [this] { server_->stop(); });
  }
  void end() {
    run_on(strand_, [this] {
      life_.reset();
      server_.reset();
      place_.reset();
      strand_.close(strand_.self);
      ended = true;
    });
  }

 private:
  const tharsis_strand& strand_;

 public:
  bare_host host;
  bool ended = false;

 private:
  const tharsis::host tables_;
  std::optional<strand> place_;
  std::optional<gateway::server> server_;
  std::optional<task<void>> life_;
};

// One connection to the gateway and what came over it.
class peer {
 public:
  peer(const tharsis_platform* p, uint32_t kind, tharsis_address to, std::optional<tls_context> tls = {})
      : strand_(open_strand(p, kind)), to_(to), tls_(std::move(tls)) {
    run_on(strand_, [this] {
      place_.emplace(strand_.loop);
      life_.emplace(talk());
      life_->start(*place_);
    });
  }
  peer(const peer&) = delete;

  void send(std::vector<uint8_t> bytes) {
    run_on(strand_, [this, bytes = std::move(bytes)] {
      outbox_.insert(outbox_.end(), bytes.begin(), bytes.end());
      if (wire_) wire_->events().raise(stream::nudged);
    });
  }
  void send(const mars::frame& f) {
    std::vector<uint8_t> bytes;
    mars::append_frame(bytes, f);
    send(std::move(bytes));
  }
  void read_nothing() { deaf_ = true; }
  bool export_secret(std::string_view label, std::span<const uint8_t> context, std::span<uint8_t> into) const {
    return wire_ && wire_->export_secret(label, context, into);
  }
  // Closes the connection, if it is still there.
  void end() {
    run_on(strand_, [this] {
      life_.reset();
      wire_.reset();
      place_.reset();
      strand_.close(strand_.self);
      ended = true;
    });
  }

  size_t count(uint32_t command) const {
    size_t n = 0;
    for (const auto& f : frames) n += f.command == command;
    return n;
  }

  bool connected = false;
  bool closed = false;  // By the gateway, or the connection failed; `why` says how.
  bool ended = false;
  std::string why;
  std::vector<mars::frame> frames;

 private:
  task<void> talk() {
    auto dialled = co_await dial_tcp(*place_, *strand_.net, to_, place_->now() + 10s);
    if (!dialled) co_return over(dialled.failure().text);
    std::unique_ptr<stream> wire = std::move(*dialled);
    if (tls_) {
      auto secured = co_await tls_connect(*place_, std::move(wire), *tls_, "im.tharsis.test", place_->now() + 10s);
      if (!secured) co_return over(secured.failure().text);
      wire = std::move(*secured);
    }
    wire_ = std::move(wire);
    connected = true;
    for (;;) {
      if (!outbox_.empty() && wire_->write(std::exchange(outbox_, {})) != THARSIS_OK) co_return over("write failed");
      if (!deaf_ && !read_all()) co_return;
      co_await wire_->events().wait();
    }
  }
  bool read_all() {
    for (;;) {
      uint8_t chunk[4096];
      size_t count = 0;
      const tharsis_status status = wire_->read(chunk, count);
      if (status == THARSIS_PENDING) return true;
      if (status != THARSIS_OK || count == 0) return over(count == 0 && status == THARSIS_OK ? "end" : std::string(status_name(status))), false;
      EXPECT_EQ(reader_.on_bytes({chunk, count}), THARSIS_OK);
      while (auto f = reader_.take_frame()) frames.push_back(std::move(*f));
    }
  }
  void over(std::string reason) {
    closed = true;
    why = std::move(reason);
    if (wire_) wire_->end();
  }

  const tharsis_strand& strand_;
  const tharsis_address to_;
  const std::optional<tls_context> tls_;
  std::optional<strand> place_;
  std::unique_ptr<stream> wire_;
  std::vector<uint8_t> outbox_;
  mars::frame_reader reader_;
  bool deaf_ = false;
  std::optional<task<void>> life_;
};

inline mars::frame message(uint32_t sequence, const std::string& text, const std::string& key = "") {
  return {mars::command_send_message, sequence, encode(mars::send_message_request{"", "ann", "all", text, "0"}),
          {key.begin(), key.end()}, {}};
}
inline mars::frame hello(const std::string& id) {
  return {mars::command_hello, 1, encode(mars::hello_request{"ann", id, {}}), {}, {}};
}

}  // namespace tharsis::test
