// Known answers of the standards, so that what is sealed today opens with any other library.
#include "plugins/xlog/core/cipher.h"

#include <gtest/gtest.h>

#include "sdk/pure/views.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr cipher_suite suites[] = {cipher_suite::aes, cipher_suite::chacha};

struct known {
  cipher_suite suite;
  std::string key, once, associated, plain, sealed, tag;
};

const known answers[] = {
    // The GCM specification's case 16.
    {cipher_suite::aes, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    // RFC 8439, 2.8.2.
    {cipher_suite::chacha, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     to_hex(as_bytes("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                     "sunscreen would be it.")),
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
     "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b6116",
     "1ae10b594f09e26a7e902ecbd0600691"},
};

nonce nonce_from(const std::string& hex) {
  nonce n{};
  const auto raw = from_hex(hex);
  std::copy(raw.begin(), raw.end(), n.begin());
  return n;
}

}  // namespace

TEST(XlogCipher, SealsTheKnownAnswersAndOpensThem) {
  for (const known& a : answers) {
    auto cipher = aead::make(a.suite);
    ASSERT_TRUE(cipher) << cipher.failure().text;
    auto data = from_hex(a.plain);
    std::array<uint8_t, tag_size> tag{};
    for (int twice = 0; twice < 2; ++twice) {  // One object serves many keys, either way.
      ASSERT_TRUE(cipher->seal(secret_from(a.key), nonce_from(a.once), from_hex(a.associated), data, tag));
      EXPECT_EQ(to_hex(data), a.sealed);
      EXPECT_EQ(to_hex(tag), a.tag);
      ASSERT_TRUE(cipher->open(secret_from(a.key), nonce_from(a.once), from_hex(a.associated), data, tag));
      EXPECT_EQ(to_hex(data), a.plain);
    }
  }
}

TEST(XlogCipher, EveryFlippedBitIsFoundAndNothingOfTheTextIsLeft) {
  for (const known& a : answers) {
    auto cipher = aead::make(a.suite);
    const auto sealed = from_hex(a.sealed), tag = from_hex(a.tag), associated = from_hex(a.associated);
    auto all = sealed;
    all.insert(all.end(), tag.begin(), tag.end());
    all.insert(all.end(), associated.begin(), associated.end());
    for (size_t bit = 0; bit < all.size() * 8; ++bit) {
      auto altered = all;
      altered[bit / 8] = static_cast<uint8_t>(altered[bit / 8] ^ (1u << (bit % 8)));
      const std::span<uint8_t> data(altered.data(), sealed.size());
      const std::span<uint8_t, tag_size> its_tag(altered.data() + sealed.size(), tag_size);
      const byte_view header = byte_view(altered).subspan(sealed.size() + tag_size);
      ASSERT_FALSE(cipher->open(secret_from(a.key), nonce_from(a.once), header, data, its_tag)) << bit;
      ASSERT_TRUE(std::all_of(data.begin(), data.end(), [](uint8_t b) { return b == 0; })) << bit;
    }
  }
}

TEST(XlogCipher, EmptyDataIsSealedToo) {
  for (const cipher_suite suite : suites) {
    auto cipher = aead::make(suite);
    const xlog::secret key;
    std::array<uint8_t, tag_size> tag{};
    ASSERT_TRUE(cipher->seal(key, {}, {}, {}, tag));
    EXPECT_TRUE(cipher->open(key, {}, {}, {}, tag));
    EXPECT_FALSE(cipher->open(key, {1}, {}, {}, tag));
    EXPECT_FALSE(cipher->open(key, {}, tag, {}, tag));
  }
}

// AES: E(0) and E(1) of the zero key are the hash key and the tag of GCM's case 13, E(2) the text of case 14.
// ChaCha20: RFC 8439, A.1, the first two.
TEST(XlogCipher, TheStreamsAreTheKnownOnes) {
  const std::string known_streams[] = {
      "dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738bcea7403d4d606b6e074ec5d3baf39d18",
      "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a37"
      "6a43b8f41518a11cc387b669b2ee65869f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
      "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"};
  for (size_t i = 0; i < 2; ++i) {
    auto stream = stream_cipher::make(suites[i], xlog::secret());
    ASSERT_TRUE(stream);
    const auto expected = from_hex(known_streams[i]);
    for (size_t from = 0; from < expected.size(); ++from) {
      std::vector<uint8_t> data(expected.size() - from);
      ASSERT_TRUE(stream->apply(from, data));
      ASSERT_EQ(to_hex(data), known_streams[i].substr(2 * from)) << from;
    }
  }
}

TEST(XlogCipher, HashesTheKnownAnswers) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).open()),  // RFC 4231, 2
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::vector<uint8_t>(131, 0xaa),  // RFC 4231, 6
                               as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
                       .open()),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(hmac_sha256({}, {}).open()), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(to_hex(hkdf_sha256(from_hex("000102030405060708090a0b0c"), std::vector<uint8_t>(22, 0x0b),  // RFC 5869, A.1
                               from_hex("f0f1f2f3f4f5f6f7f8f9"))
                       .open()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

TEST(XlogCipher, AgreesOnTheKnownSharedSecret) {  // RFC 7748, 6.1
  const xlog::secret alice = secret_from("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const xlog::secret bob = secret_from("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const auto of_alice = x25519_public(alice), of_bob = x25519_public(bob);
  ASSERT_TRUE(of_alice && of_bob);
  EXPECT_EQ(to_hex(*of_alice), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const auto one = x25519(alice, *of_bob), other = x25519(bob, *of_alice);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(to_hex(one->open()), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(to_hex(other->open()), to_hex(one->open()));
}

TEST(XlogCipher, PointsThatGiveEverybodyTheSameSecretAreRefused) {
  const std::string zeros(62, '0'), ones(60, 'f');
  for (const std::string& point :
       {"00" + zeros, "01" + zeros, "ec" + ones + "7f", "ed" + ones + "7f", "ee" + ones + "7f",
        std::string("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        std::string("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")})
    for (uint64_t seed = 0; seed < 8; ++seed) {
      key_bytes theirs;
      const auto raw = from_hex(point);
      ASSERT_EQ(raw.size(), key_size);
      std::copy(raw.begin(), raw.end(), theirs.begin());
      EXPECT_FALSE(x25519(test_key(seed).scalar, theirs)) << point;
    }
}

TEST(XlogCipher, ASecretThatMovedIsGoneFromWhereItWas) {
  xlog::secret one = secret_from(std::string(64, 'a'));
  xlog::secret two = std::move(one);
  EXPECT_EQ(to_hex(one.open()), std::string(64, '0'));
  one = std::move(two);
  EXPECT_EQ(to_hex(two.open()), std::string(64, '0'));
  EXPECT_EQ(to_hex(one.open()), std::string(64, 'a'));
}
