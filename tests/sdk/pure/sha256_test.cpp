#include "sdk/pure/sha256.h"
#include "sdk/pure/sha256_blocks.h"

#include <openssl/evp.h>

#include <random>
#include <vector>

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

// Goal: a processor's own instructions do what the plain code does. Method: blocks that a seed draws, from states that it draws.
TEST(Sha256, TheProcessorsInstructionsDoWhatThePlainCodeDoes) {
  std::mt19937 random(2);
  for (size_t count = 0; count < 40; ++count) {
    std::vector<uint8_t> blocks(64 * count + 1);
    for (uint8_t& byte : blocks) byte = static_cast<uint8_t>(random());
    tharsis::sha256_state plain;
    for (uint32_t& word : plain) word = static_cast<uint32_t>(random());
    tharsis::sha256_state quick = plain;
    if (!tharsis::sha256_blocks_by_instructions(quick, blocks.data() + 1, count)) GTEST_SKIP() << "this processor has none";
    tharsis::sha256_blocks_plainly(plain, blocks.data() + 1, count);  // At an odd address.
    EXPECT_EQ(plain, quick) << count << " blocks";
  }
}
