#include "sdk/pure/sha256.h"

#include <openssl/evp.h>

#include <random>

#include <gtest/gtest.h>

using tharsis::sha256_of;
using tharsis::sha256_sum;

namespace {

std::string by_openssl(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EXPECT_EQ(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr), 1);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", digest[i]);
    hex += two;
  }
  return hex;
}

}  // namespace

TEST(Sha256, AnswersWhatTheStandardSays) {
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// Goal: it is the same sum for every length around the ends of blocks, however it comes in. Method:
// OpenSSL's answers for each length, fed in pieces whose sizes a seed draws.
TEST(Sha256, AnswersWhatOpensslAnswersHoweverItIsFed) {
  std::mt19937 random(1);
  std::string text;
  for (size_t length = 0; length < 300; ++length) {
    sha256_sum sum;
    for (size_t at = 0; at < text.size();) {
      const size_t part = std::min<size_t>(1 + random() % 130, text.size() - at);
      sum.add(text.data() + at, part);
      at += part;
    }
    ASSERT_EQ(sum.hex(), by_openssl(text)) << length;
    text += static_cast<char>(random());
  }
}
