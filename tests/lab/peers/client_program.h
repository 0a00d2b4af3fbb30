// What the clients of all peers share: arguments, the body, the clock, and what is printed at the end.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"
#include "tests/lab/peers/client_arguments.h"
#include "tests/lab/peers/load_loop.h"

namespace tharsis::lab {

instant clock_now();

// One run of a client: what it was asked, and where it is told what became of each request.
class load_run {
 public:
  load_run(client_arguments a, std::string body);

  load_loop& loop() { return loop_; }
  const client_arguments& arguments() const { return arguments_; }
  const std::string& body() const { return body_; }

  // An echo that differs from what was sent has failed.
  void on_answer(uint32_t request, std::string_view answer);

  traffic moved;

 private:
  const client_arguments arguments_;
  const std::string body_;
  load_loop loop_;
};

struct client_program {
  std::string_view name;
  std::vector<std::string> flags;
  std::string_view about;  // Lines of help: what the peer is, and what its flags mean.
  // Works until run.loop().done(). A failure: it could not even begin.
  result<bool> (*work)(load_run& run);
};

// The exit code: 0 all answered, 1 not all, 2 wrong use.
int client_main(const client_program& program, int argc, char** argv);

}  // namespace tharsis::lab
