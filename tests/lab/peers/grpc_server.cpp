// The gRPC peer's server: echoes each message of the one method.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "tests/lab/peers/grpc_echo.h"
#include "tests/lab/peers/server_program.h"

namespace tharsis::lab {
namespace {

class echo_call : public grpc::ServerGenericBidiReactor {
 public:
  explicit echo_call(bool is_known) {
    if (is_known) StartRead(&message_);
    else Finish({grpc::StatusCode::UNIMPLEMENTED, "there is only Echo"});
  }
  void OnReadDone(bool ok) override {
    if (ok) StartWriteAndFinish(&message_, {}, grpc::Status::OK);
    else Finish({grpc::StatusCode::INVALID_ARGUMENT, "a request without a message"});
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

class echo_service : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new echo_call(context->method() == echo_method);
  }
};

result<bool> serve(const server_arguments& arguments) {
  auto credentials = grpc::InsecureServerCredentials();
  if (!arguments.certificate.empty()) {
    const auto certificate = read_pem(arguments.certificate);
    const auto key = read_pem(arguments.key);
    if (!certificate) return certificate.failure();
    if (!key) return key.failure();
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({*key, *certificate});
    credentials = grpc::SslServerCredentials(options);
  }
  echo_service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(to_text(arguments.listen), credentials, &port);
  builder.RegisterCallbackGenericService(&service);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // Two servers on one port are a mistake.
  // Without these a server ends the connections of clients that ping as the tuned one does.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  const auto server = builder.BuildAndStart();
  if (!server || port == 0) return error{THARSIS_E_IO, to_text(arguments.listen) + ": gRPC cannot listen there"};
  print_ready(static_cast<uint16_t>(port));
  server->Wait();
  return true;
}

}  // namespace
}  // namespace tharsis::lab

int main(int argc, char** argv) {
  return tharsis::lab::server_main({"lab_server_grpc", true, tharsis::lab::serve}, argc, argv);
}
