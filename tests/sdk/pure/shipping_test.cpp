#include "sdk/pure/shipping.h"

#include <gtest/gtest.h>

#include <limits>

#include "sdk/pure/sha256.h"

using namespace tharsis;
using namespace tharsis::shipping;

namespace {

manifest small() {
  manifest m;
  m.over = sha256_of("before");
  m.closed = true;
  m.note = "7123.0123456789abcdef:0-3";
  m.pieces = {{3, sha256_of("one")}, {5, sha256_of("three")}};
  return m;
}

standing some() {
  standing s;
  s.wishes = {{"w-1", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), 3}};
  s.files = {{"xlog-01234567_20261126.tlog", stored_file::state::gone, 5, sha256_of("e"), ""}, {"a.log", stored_file::state::whole, 7, sha256_of("f"), "n"}};
  return s;
}

}  // namespace

TEST(Shipping, WhatIsSaidIsRead) {
  const auto m = parse_manifest(text_of(small()));
  ASSERT_TRUE(m) << m.failure().text;
  EXPECT_EQ(*m, small());
  EXPECT_EQ(m->size(), 8u);
  const auto s = parse_standing(text_of(some()));
  ASSERT_TRUE(s) << s.failure().text;
  EXPECT_EQ(*s, some());
  const runs missing = {{0, 0}, {2, 5}, {9, 9}};
  EXPECT_EQ(*parse_missing(text_of_missing(missing), 10), missing);
}

TEST(Shipping, AnEditionIsOfTheContentAndNotOfWhatWasThereBefore) {
  manifest m = small();
  const std::string first = m.edition();
  m.over = sha256_of("another");
  EXPECT_EQ(m.edition(), first);
  m.pieces[1].sum = sha256_of("four");
  EXPECT_NE(m.edition(), first);
}

// Goal: nothing but what is said is understood. Method: the text with each of its bytes changed, gone or doubled never is the same
// value, and mostly none.
TEST(Shipping, AByteThatIsWrongIsNoManifestOrAnother) {
  const std::string text = text_of(small());
  for (size_t i = 0; i < text.size(); ++i)
    for (const std::string& changed : {text.substr(0, i) + '\x01' + text.substr(i + 1), text.substr(0, i) + text.substr(i + 1), text.substr(0, i) + text[i] + text.substr(i)}) {
      const auto m = parse_manifest(changed);
      if (changed != text && m) {
        EXPECT_NE(*m, small()) << changed;
      }
    }
}

TEST(Shipping, ManifestsAreBounded) {
  const std::string head = "tharsis-manifest 1\nover -\nclosed no\nwhole no\nnote -\npieces ";
  EXPECT_FALSE(parse_manifest(head + "60001\n"));
  EXPECT_FALSE(parse_manifest(head + "1\n1048577 " + sha256_of("") + "\n"));
  EXPECT_FALSE(parse_manifest(head + "1\n0 " + sha256_of("") + "\n"));
  EXPECT_FALSE(parse_manifest(head + "2\n1 " + sha256_of("") + "\n")) << "one is missing";
  EXPECT_FALSE(parse_manifest(head + "0\n1 " + sha256_of("") + "\n")) << "one is too much";
  EXPECT_FALSE(parse_manifest(std::string(manifest_max + 1, 'x')));
  EXPECT_FALSE(parse_manifest("tharsis-manifest 1\nover -\nclosed no\nwhole no\nnote " + std::string(note_max + 1, 'n') + "\npieces 0\n"));
}

TEST(Shipping, AnswersThatLieAreRefused) {
  for (const char* text : {"", "tharsis-missing 2\n", "tharsis-missing 1\n0 10\n", "tharsis-missing 1\n3 2\n", "tharsis-missing 1\n3 3\n3 4\n",
                           "tharsis-missing 1\n0 1", "tharsis-missing 1\n-1 1\n", "tharsis-missing 1\n0 1 2\n", "<html>\n"})
    EXPECT_FALSE(parse_missing(text, 10)) << text;
  for (const char* text : {"", "tharsis-standing 2\n", "tharsis-standing 1\nfile a b c\n", "tharsis-standing 1\nwish a 1 2 loud\n", "tharsis-standing 1\nfile ../x part 1 - -\n"})
    EXPECT_FALSE(parse_standing(text)) << text;
  EXPECT_TRUE(parse_standing("tharsis-standing 1\nweather fine\n")) << "what a later version tells is passed over";
  std::string endless = "tharsis-standing 1\n";
  for (size_t i = 0; i <= files_max; ++i) endless += "file f" + std::to_string(i) + " part 1 " + sha256_of("") + " -\n";
  EXPECT_FALSE(parse_standing(endless));
}

TEST(Shipping, NamesLeadNowhereElse) {
  for (const char* name : {"", ".", "..", ".x", "a/b", "a\\b", "a b", "a\nb", "\xC3\xA4"}) EXPECT_FALSE(is_name(name)) << name;
  EXPECT_FALSE(is_name(std::string(129, 'a')));
  EXPECT_TRUE(is_name("phone-7.home_2"));
}

TEST(Shipping, PiecesComeAsTheyWereSent) {
  std::string body;
  append_piece(body, {3, sha256_of("one")}, "one");
  append_piece(body, {5, sha256_of("three")}, "three");
  const auto pieces = parse_post(body);
  ASSERT_TRUE(pieces);
  ASSERT_EQ(pieces->size(), 2u);
  EXPECT_EQ((*pieces)[1].bytes, "three");
  EXPECT_EQ((*pieces)[1].what.sum, sha256_of("three"));
  for (size_t cut = 0; cut < body.size(); ++cut) EXPECT_EQ(parse_post(body.substr(0, cut)).ok(), cut == 39) << cut << ": the first piece alone is one";
}

TEST(Shipping, SecretsAreTheSameOnlyWhenTheyAre) {
  EXPECT_TRUE(same_secret("abcdefgh", "abcdefgh"));
  EXPECT_FALSE(same_secret("abcdefgh", "abcdefgi"));
  EXPECT_FALSE(same_secret("abcdefghabcdefgh", "abcdefgh"));
  EXPECT_FALSE(same_secret("", "abcdefgh"));
  EXPECT_FALSE(same_secret("", ""));
}
