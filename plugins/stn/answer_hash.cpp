#include "plugins/stn/answer_hash.h"

#include <openssl/evp.h>

#include <array>

#include "sdk/pure/hex_text.h"

namespace tharsis::stn {

struct answer_hash::state {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  bool good = context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1;
  ~state() { EVP_MD_CTX_free(context); }
};

answer_hash::answer_hash() : state_(std::make_unique<state>()) {}
answer_hash::~answer_hash() = default;

void answer_hash::add(std::span<const uint8_t> bytes) {
  state_->good = state_->good && EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1;
}

std::string answer_hash::text() {
  std::array<uint8_t, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  if (!state_->good || EVP_DigestFinal_ex(state_->context, sum.data(), &size) != 1) return "unavailable";
  return hex_text(std::span(sum).first(size));
}

}  // namespace tharsis::stn
