// The decoders of mars' messages: no input crashes them, and what they accept they also write.
#include <cstdlib>

#include "sdk/pure/mars_messages.h"

namespace {

template <class Message>
void check(std::span<const uint8_t> input) {
  const auto decoded = tharsis::mars::decode<Message>(input);
  if (!decoded) return;
  const auto written = tharsis::mars::encode(*decoded);
  const auto again = tharsis::mars::decode<Message>(written);
  if (!again || tharsis::mars::encode(*again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tharsis::mars;
  const std::span<const uint8_t> input(data, size);
  check<hello_request>(input);
  check<hello_response>(input);
  check<send_message_request>(input);
  check<send_message_response>(input);
  check<message_push>(input);
  check<topic_request>(input);
  check<topic_response>(input);
  check<statistics_response>(input);
  check<server_move>(input);
  return 0;
}
