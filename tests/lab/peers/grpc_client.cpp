// The gRPC peer: unary calls on one channel, through its completion queue.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <map>
#include <memory>

#include "tests/lab/peers/client_program.h"
#include "tests/lab/peers/grpc_echo.h"

namespace tharsis::lab {
namespace {

using system_time = std::chrono::system_clock;

bool is_tuned(const client_arguments& all) { return all.has("--tuned") || all.has("--round-robin"); }

grpc::ChannelArguments channel_arguments(const client_arguments& all) {
  grpc::ChannelArguments channel;
  if (is_tuned(all)) {
    channel.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
    channel.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
    channel.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    channel.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    channel.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
    channel.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  }
  if (all.has("--round-robin")) channel.SetLoadBalancingPolicyName("round_robin");
  channel.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (all.tls) channel.SetSslTargetNameOverride(all.name);
  return channel;
}

// A name for gRPC's resolver, or a list of addresses.
result<std::string> target_of(const std::vector<endpoint>& endpoints) {
  std::string target;
  const auto first = parse_ip(endpoints[0].host);
  if (!first) return "dns:///" + endpoints[0].host + ":" + std::to_string(endpoints[0].port);
  for (const endpoint& e : endpoints) {
    auto ip = parse_ip(e.host);
    if (ip->family != first->family)
      return error{THARSIS_E_UNSUPPORTED, e.text() + ": gRPC takes a list of one family, IPv4 or IPv6"};
    ip->port = e.port;
    target += (target.empty() ? "" : ",") + to_text(*ip);
  }
  return (first->family == 4 ? "ipv4:" : "ipv6:") + target;
}

std::string reason_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::DEADLINE_EXCEEDED: return "deadline";
    case grpc::StatusCode::UNAVAILABLE: return "unavailable";
    default: return "gRPC status " + std::to_string(status.error_code());
  }
}

struct call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
};

class grpc_client {
 public:
  grpc_client(load_run& run, std::shared_ptr<grpc::Channel> channel)
      : run_(run), channel_(std::move(channel)), stub_(channel_) {
    watch_channel();
  }
  ~grpc_client() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) continue;
  }

  void work() {
    while (!run_.loop().done()) {
      const instant now = clock_now();
      while (const auto request = run_.loop().take_due(now)) start(*request, now);
      void* tag = nullptr;
      bool ok = false;
      if (queue_.AsyncNext(&tag, &ok, system_time::now() + patience()) != grpc::CompletionQueue::GOT_EVENT) continue;
      if (tag == nullptr) watch_channel();
      else finish(static_cast<uint32_t>(reinterpret_cast<uintptr_t>(tag) - 1));
    }
  }

 private:
  // gRPC itself ends a call whose deadline passes; until then only the next request has a time.
  std::chrono::microseconds patience() {
    const instant next = run_.loop().next_due();
    const duration wait = next == never ? duration(1s) : next - clock_now();
    return std::chrono::ceil<std::chrono::microseconds>(std::max(duration::zero(), wait));
  }

  // The tags of calls are their numbers plus one; the channel's is null.
  void start(uint32_t request, instant now) {
    auto& c = calls_[request] = std::make_unique<call>();
    const duration left = run_.loop().deadline_of(request) - now;
    c->context.set_deadline(system_time::now() + std::chrono::floor<std::chrono::microseconds>(left));
    if (is_tuned(run_.arguments())) c->context.set_wait_for_ready(true);
    const grpc::Slice body(run_.body().data(), run_.body().size(), grpc::Slice::STATIC_SLICE);
    c->reader = stub_.PrepareUnaryCall(&c->context, echo_method, grpc::ByteBuffer(&body, 1), &queue_);
    c->reader->StartCall();
    c->reader->Finish(&c->answer, &c->status, reinterpret_cast<void*>(static_cast<uintptr_t>(request) + 1));
    run_.moved.bytes_sent += run_.body().size();
  }

  void finish(uint32_t request) {
    const call& c = *calls_[request];
    if (c.status.ok()) {
      const std::string answer = text_of(c.answer);
      run_.moved.bytes_received += answer.size();
      run_.on_answer(request, answer);
    } else {
      run_.loop().on_failure(request, reason_of(c.status));
    }
    calls_.erase(request);
  }

  // gRPC tells no one of its connections, only whether the channel is ready.
  void watch_channel() {
    const grpc_connectivity_state seen = channel_->GetState(false);
    if (seen == GRPC_CHANNEL_READY && state_ != GRPC_CHANNEL_READY) ++run_.moved.connects;
    state_ = seen;
    channel_->NotifyOnStateChange(state_, system_time::now() + std::chrono::milliseconds(200), &queue_, nullptr);
  }

  load_run& run_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc_connectivity_state state_ = GRPC_CHANNEL_IDLE;
  std::map<uint32_t, std::unique_ptr<call>> calls_;
};

result<bool> work(load_run& run) {
  const client_arguments& all = run.arguments();
  const auto target = target_of(all.endpoints);
  if (!target) return target.failure();
  auto credentials = grpc::InsecureChannelCredentials();
  if (all.tls) {
    const auto authorities = read_pem(all.ca_file);
    if (!authorities) return authorities.failure();
    credentials = grpc::SslCredentials({*authorities, "", ""});
  }
  grpc_client(run, grpc::CreateCustomChannel(*target, credentials, channel_arguments(all))).work();
  return true;
}

}  // namespace
}  // namespace tharsis::lab

int main(int argc, char** argv) {
  return tharsis::lab::client_main(
      {"lab_client_grpc",
       {"--tuned", "--round-robin"},
       "Calls lab_server_grpc over one channel, with gRPC's defaults.\n"
       "  --tuned           wait for the channel; ping after 10 s, give up 5 s later; connect for 1 s at most\n"
       "                    before the next address, and again after 2 s at most\n"
       "  --round-robin     tuned, and connected to all addresses\n",
       tharsis::lab::work},
      argc, argv);
}
