#include "runtime/sha256.h"

#include <openssl/evp.h>

namespace tharsis::runtime {

void sha256_sum::free_context::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

sha256_sum::sha256_sum() : context_(EVP_MD_CTX_new()), good_(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1) {}

void sha256_sum::add(const void* bytes, size_t size) { good_ = good_ && EVP_DigestUpdate(context_.get(), bytes, size) == 1; }

std::string sha256_sum::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  good_ = good_ && EVP_DigestFinal_ex(context_.get(), digest, &size) == 1;
  std::string text;
  for (unsigned i = 0; good_ && i < size; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

std::string sha256_of(std::string_view text) {
  sha256_sum sum;
  sum.add(text.data(), text.size());
  return sum.hex();
}

}  // namespace tharsis::runtime
