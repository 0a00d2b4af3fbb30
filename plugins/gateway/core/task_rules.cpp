#include "plugins/gateway/core/task_rules.h"

#include <array>
#include <optional>

#include "sdk/pure/hex_text.h"
#include "sdk/pure/mars_frame.h"

namespace tharsis::gateway {
namespace {

constexpr std::string_view task_paths = "/mars/";
constexpr size_t client_size_max = 64;

struct known_task {
  std::string_view name;
  uint32_t command;
};
// The names are those of Mars' sample, where it has them.
constexpr std::array<known_task, 5> known_tasks = {{{"hello", mars::command_hello},
                                                    {"sendmessage", mars::command_send_message},
                                                    {"hello2", mars::command_hello2},
                                                    {"echo", mars::command_echo},
                                                    {"statistics", mars::command_statistics}}};

std::optional<uint32_t> command_of(std::string_view path) {
  if (!path.starts_with(task_paths)) return std::nullopt;
  const std::string_view name = path.substr(task_paths.size());
  for (const known_task& t : known_tasks)
    if (name == t.name || name == std::to_string(t.command)) return t.command;
  return std::nullopt;
}

std::optional<std::vector<uint8_t>> bytes_of_hex(std::string_view text) {
  std::vector<uint8_t> bytes(text.size() / 2);
  return read_hex(text, bytes) ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace

std::variant<http_task, http_refusal> understand_task(std::string_view method, std::string_view path, const http1::field_list& fields) {
  const auto command = command_of(path);
  if (!command) return http_refusal{404, "there is no such task here; POST to /mars/echo, hello, hello2, sendmessage or statistics\n"};
  if (method != "POST") return http_refusal{405, "a task is a POST\n"};
  http_task t{*command, {}, {}};
  if (http1::find(fields, "Idempotency-Key") != nullptr) {
    auto key = bytes_of_hex(http1::value_of(fields, "Idempotency-Key"));
    if (!key || key->empty() || key->size() > mars::key_size_max)
      return http_refusal{400, "Idempotency-Key has 1 to " + std::to_string(mars::key_size_max) + " bytes in hexadecimal digits\n"};
    t.key = std::move(*key);
  }
  t.client = http1::value_of(fields, "Client-Id");
  if (t.client.size() > client_size_max) return http_refusal{400, "Client-Id has at most " + std::to_string(client_size_max) + " bytes\n"};
  return t;
}

}  // namespace tharsis::gateway
