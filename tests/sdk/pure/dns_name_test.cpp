#include "sdk/pure/dns_name.h"

#include <gtest/gtest.h>

using namespace tharsis;
using dns::canonical_name;

namespace {
std::string of(std::string_view text) {
  const auto name = canonical_name(text);
  return name ? *name : "refused: " + name.failure().text;
}
bool refused(std::string_view text) { return canonical_name(text).status() == THARSIS_E_INVALID; }
}  // namespace

TEST(Name, CaseAndTheLastDotMakeNoDifference) {
  EXPECT_EQ(of("IM.Example.COM."), "im.example.com");
  EXPECT_EQ(of("localhost"), "localhost");
  EXPECT_EQ(of("_sip._tcp.a-b.example"), "_sip._tcp.a-b.example");
  EXPECT_EQ(of("xn--mgbh0fb.example"), "xn--mgbh0fb.example");
  EXPECT_EQ(of("7.example"), "7.example");
}

TEST(Name, AddressesAreTakenAsTheyAre) {
  EXPECT_EQ(of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(of("::1"), "::1");
  EXPECT_EQ(of("2001:DB8::1"), "2001:DB8::1");
}

TEST(Name, ANumberThatIsNoAddressIsNoNameEither) {
  for (const char* text : {"1.2.3", "127.1", "2130706433", "0x7f.1", "a.0x7f", "256.1.1.1", "1.2.3.4.", "0x"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(Name, LengthsAreThoseOfTheProtocol) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  EXPECT_EQ(of(longest), longest);
  EXPECT_EQ(of(longest + "."), longest);
  EXPECT_TRUE(refused(longest + "b"));
  EXPECT_TRUE(refused(label + "a.example"));
}

TEST(Name, EmptyPartsAreRefused) {
  for (const char* text : {"", ".", "..", ".example", "a..b", "example.."}) EXPECT_TRUE(refused(text)) << text;
}

TEST(Name, EveryOtherByteIsRefusedAndShownSafely) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool allowed = std::isalnum(byte) || c == '-' || c == '_' || c == '.';
    const std::string text = std::string("a") + c + "b.example";
    if (byte >= 0x80 || !allowed) {
      ASSERT_TRUE(refused(text)) << byte;
      for (const char shown : of(text)) EXPECT_TRUE(shown >= 0x20 && shown < 0x7F) << byte;
    } else {
      EXPECT_FALSE(refused(text)) << byte;
    }
  }
  EXPECT_NE(of("b\xc3\xbc" "cher.example").find("xn--"), std::string::npos);
}
