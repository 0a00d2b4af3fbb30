#include "plugins/xlog/core/key_file.h"

#include <gtest/gtest.h>

#include "sdk/pure/views.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

std::string why_no_public(std::string_view text) {
  const auto key = parse_public_key(text, "team.pub");
  return key ? "" : key.failure().text;
}
std::string why_no_private(std::string_view text) {
  const auto key = parse_private_key(text, "team.key");
  return key ? "" : key.failure().text;
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// A digit's case and the kind of a blank mean nothing.
std::string meaning(std::string text) {
  for (char& c : text)
    c = std::string_view("\t\r\n").find(c) != std::string_view::npos ? ' '
        : c >= 'A' && c <= 'F'                                       ? static_cast<char>(c | 0x20)
                                                                     : c;
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

TEST(XlogKeyFile, AnyKeyComesBack) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const private_key key = test_key(seed);
    const std::string open = public_key_text(key.open), closed = private_key_text(key);
    for (const std::string& text : {open, on_one_line(open), "  \r\n" + open + "\n\n"}) {
      ASSERT_TRUE(is_key_text(text));
      const auto back = parse_public_key(text, "key");
      ASSERT_TRUE(back) << back.failure().text;
      ASSERT_EQ(*back, key.open);
    }
    const auto back = parse_private_key(closed, "key");
    ASSERT_TRUE(back) << back.failure().text;
    ASSERT_EQ(to_hex(back->scalar.open()), to_hex(key.scalar.open()));
    ASSERT_EQ(back->open, key.open);
  }
}

TEST(XlogKeyFile, TheFormIsThisOne) {
  private_key alice{secret_from("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"), {}};
  alice.open.point = *x25519_public(alice.scalar);
  const std::string id = to_hex(sha256(alice.open.point)).substr(0, 16);
  EXPECT_EQ(public_key_text(alice.open), "tharsis xlog public key 1\n" + id +
                                             "\n8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a\n");
  EXPECT_EQ(private_key_text(alice), "tharsis xlog private key 1\n" + id +
                                         "\n77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a\n");
  EXPECT_EQ(key_id_text(alice.open.id()), id);
}

TEST(XlogKeyFile, APathIsNoKey) {
  for (const char* path : {"", "team.pub", "/etc/keys/team.pub", "tharsis", "tharsis.pub xlog"})
    EXPECT_FALSE(is_key_text(path)) << path;
}

TEST(XlogKeyFile, CutAnywhereItIsRefused) {
  const private_key key = test_key(1);
  const std::string open = public_key_text(key.open), closed = private_key_text(key);
  for (size_t size = 0; size + 1 < open.size(); ++size) {  // Without the last line break it is whole.
    const std::string why = why_no_public(open.substr(0, size));
    ASSERT_TRUE(says(why, "team.pub ")) << size;
    ASSERT_TRUE(says(why, "cut") || says(why, "is empty") || says(why, "no key of xlog")) << size << ": " << why;
  }
  for (size_t size = 0; size + 1 < closed.size(); ++size) ASSERT_NE(why_no_private(closed.substr(0, size)), "") << size;
}

TEST(XlogKeyFile, EveryFlippedBitAndEveryDigitThatIsLostIsFound) {
  const private_key key = test_key(2);
  const std::string texts[] = {public_key_text(key.open), private_key_text(key)};
  for (size_t i = 0; i < 2; ++i) {
    const auto why = [&](const std::string& text) { return i == 0 ? why_no_public(text) : why_no_private(text); };
    for (size_t bit = 0; bit < texts[i].size() * 8; ++bit) {
      std::string altered = texts[i];
      altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
      if (meaning(altered) == meaning(texts[i])) continue;
      ASSERT_NE(why(altered), "") << i << " " << bit;
    }
    for (size_t at = 0; at + 1 < texts[i].size(); ++at) {
      std::string shorter = texts[i];
      shorter.erase(at, 1);
      ASSERT_NE(why(shorter), "") << i << " " << at;
    }
  }
}

TEST(XlogKeyFile, SaysWhatIsWrongAndWhatToDo) {
  const private_key key = test_key(3);
  const std::string open = public_key_text(key.open), closed = private_key_text(key);
  EXPECT_TRUE(says(why_no_public(""), "team.pub is empty; `tharsis xlog keygen"));
  EXPECT_TRUE(says(why_no_public(closed), "is a private key where a public one belongs: name its .pub file"));
  EXPECT_TRUE(says(why_no_private(open), "is a public key; reading needs the private one"));
  EXPECT_TRUE(says(why_no_public("-----BEGIN PUBLIC KEY-----\nMCow"), "is no key of xlog"));
  EXPECT_TRUE(says(why_no_public("tharsis xlog public"), "was cut in its first line"));
  EXPECT_TRUE(says(why_no_public("tharsis xlog public key 2 " + open.substr(26)), "another version"));
  EXPECT_TRUE(says(why_no_public(open.substr(0, open.size() - 3)), "was cut: the key has 62 of 64 digits"));
  EXPECT_TRUE(says(why_no_public(open + "more"), "one text holds one key"));
  EXPECT_TRUE(says(why_no_public(std::string(5000, ' ')), "longer than any key"));
  std::string wrong_digit = open;
  wrong_digit[50] = 'g';
  EXPECT_TRUE(says(why_no_public(wrong_digit), "no hexadecimal digit"));
  std::string other_digit = open;
  other_digit[50] = other_digit[50] == '0' ? '1' : '0';
  EXPECT_TRUE(says(why_no_public(other_digit), "do not belong to its id"));
  const public_key nobody{};
  EXPECT_TRUE(says(why_no_public(public_key_text(nobody)), "anybody could open"));
}

TEST(XlogKeyFile, NoSentenceQuotesADigitOfAKey) {
  const private_key key = test_key(4);
  const std::string closed = private_key_text(key), digits = closed.substr(closed.size() - 65, 64);
  std::vector<std::string> sentences = {why_no_public(closed), why_no_private(closed + "x"), why_no_private(digits),
                                        why_no_public(digits), why_no_private("tharsis xlog private key " + digits)};
  for (size_t at = 0; at < closed.size(); ++at) {
    std::string altered = closed;
    altered[at] = 'x';
    sentences.push_back(why_no_private(altered));
    sentences.push_back(why_no_public(altered));
    sentences.push_back(why_no_private(closed.substr(at)));
  }
  for (const std::string& text : sentences)
    for (size_t at = 0; at + 8 <= digits.size(); ++at) ASSERT_FALSE(says(text, digits.substr(at, 8))) << text;
}
