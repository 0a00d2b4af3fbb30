// Goal: Mars' sealing is Mars' sealing, to the bit, and what is no key is refused with a reason. Method: numbers that others
// have published, and the way there and back.
#include "plugins/xlog/core/mars_cipher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "plugins/xlog/core/mars_keystream.h"
#include "plugins/xlog/core/ring_layout.h"
#include "tests/plugins/xlog/mars_files.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

const std::string base_x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const std::string base_y = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
// Twice the base.
const std::string twice_x = "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
const std::string order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

xlog::secret scalar(const std::string& hex) { return *parse_mars_private_key(std::string(64 - hex.size(), '0') + hex); }

std::string refusal(const std::string& text) {
  const auto key = parse_mars_public_key(text, "it");
  return key ? "" : key.failure().text;
}

}  // namespace

TEST(XlogMarsCipher, TheCurveIsSecp256k1) {
  EXPECT_EQ(to_hex(*mars_public(scalar("1"))), base_x + base_y);
  EXPECT_EQ(to_hex(*mars_public(scalar("2"))).substr(0, 64), twice_x);
  EXPECT_EQ(to_hex(mars_agree(scalar("2"), *mars_public(scalar("1")))->open()), twice_x);
  EXPECT_FALSE(mars_public(scalar("0")));
  EXPECT_FALSE(mars_public(scalar(order))) << "a scalar is below the order";
}

TEST(XlogMarsCipher, BothSidesAgree) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const mars_pair one = test_mars_pair(2 * seed), other = test_mars_pair(2 * seed + 1);
    EXPECT_EQ(to_hex(mars_agree(one.mine.scalar, other.open)->open()), to_hex(mars_agree(other.mine.scalar, one.open)->open()));
  }
}

TEST(XlogMarsCipher, APointThatIsNotOnTheCurveIsRefused) {
  mars_point point = *mars_public(scalar("1"));
  for (size_t i = 0; i < point.size(); i += 9) {
    mars_point wrong = point;
    wrong[i] ^= 1;
    EXPECT_FALSE(mars_agree(scalar("3"), wrong)) << i;
  }
}

// Sixteen cycles under the key 0 1 2 3, by an implementation in another language.
TEST(XlogMarsCipher, TeaHasSixteenCyclesAndLeavesTheRest) {
  std::vector<uint8_t> key(key_size);
  for (uint8_t i = 0; i < 4; ++i) key[i * 4u] = i;
  const tea cipher(xlog::secret(std::span<const uint8_t>(key).first<key_size>()));
  std::vector<uint8_t> data;
  for (uint8_t i = 0; i < 21; ++i) data.push_back(i);
  const std::vector<uint8_t> before = data;
  cipher.seal(data);
  EXPECT_EQ(to_hex(data), "fd72670dbb99016c5ec1c5c4274a57911011121314");
  cipher.open(data);
  EXPECT_EQ(data, before);
}

TEST(XlogMarsCipher, AKeyThatIsNoneSaysWhatIsWrongWithIt) {
  const std::string good = base_x + base_y;
  EXPECT_EQ(refusal(good), "");
  EXPECT_EQ(refusal("\n" + good + " \n"), "");
  EXPECT_NE(refusal("").find("has 0 characters"), std::string::npos);
  EXPECT_NE(refusal(good.substr(1)).find("has 127 characters"), std::string::npos);
  EXPECT_NE(refusal(base_x).find("is it the private one"), std::string::npos);
  EXPECT_NE(refusal(good.substr(0, 99) + "g" + good.substr(100)).find("character 100 is no hexadecimal digit"), std::string::npos);
  EXPECT_NE(refusal(base_x + base_x).find("no point of the curve"), std::string::npos);
  EXPECT_EQ(refusal(base_x + base_x).find(base_x), std::string::npos) << "no error quotes a key";
}

TEST(XlogMarsCipher, AFileOfAPrivateKeyIsKnownByItsDigits) {
  const auto mars = parse_private_key(order.substr(0, 63) + "0\n", "it");
  ASSERT_TRUE(mars);
  EXPECT_TRUE(mars->of_mars);
  EXPECT_FALSE(parse_private_key(order.substr(1), "it"));
  EXPECT_FALSE(parse_private_key(private_key_text(test_key(1)), "it")->of_mars);
}

TEST(XlogMarsKeystream, OnlyMarsKeyOpensTheRings) {
  seeded_random random(3);
  const tharsis_random table = random;
  const mars_pair owner = test_mars_pair(4), other = test_mars_pair(5);
  auto made = make_mars_keystream(owner.open, table, unique_id{1});
  ASSERT_TRUE(made);
  ASSERT_LE(made->wrapped.size(), wrapped_key_max);
  auto opened = unwrap_keystream(made->wrapped, owner.mine);
  ASSERT_TRUE(opened) << opened.failure().text;
  std::array<uint8_t, 64> one{}, two{};
  ASSERT_TRUE(made->stream.fill(128, one) && opened->fill(128, two));
  EXPECT_EQ(one, two);
  EXPECT_EQ(unwrap_keystream(made->wrapped, other.mine).status(), THARSIS_E_DENIED);
  EXPECT_EQ(unwrap_keystream(made->wrapped, test_key(1)).status(), THARSIS_E_DENIED);
  for (size_t i = 0; i + tag_size < made->wrapped.size(); ++i) {  // What is behind vouches for the recipients of all.
    std::vector<uint8_t> wrong = made->wrapped;
    wrong[i] ^= 0x10;
    EXPECT_FALSE(unwrap_keystream(wrong, owner.mine)) << i;
    EXPECT_FALSE(unwrap_keystream(std::span(wrong).first(i), owner.mine)) << i;
  }
  const private_key mine = test_key(1);
  const std::vector<uint8_t> ours = make_keystream(std::span(&mine.open, 1), table, unique_id{1})->wrapped;
  EXPECT_EQ(unwrap_keystream(ours, owner.mine).status(), THARSIS_E_DENIED);
}
