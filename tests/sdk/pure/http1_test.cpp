#include "sdk/pure/http1.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::http1;

TEST(Http1, FieldsAreFoundInAnyCase) {
  field_list fields = {{"content-TYPE", "a"}, {"X", "1"}, {"x", "2"}, {"Connection", "Upgrade , close"}, {"connection", "x"}};
  EXPECT_EQ(value_of(fields, "Content-Type"), "a");
  EXPECT_EQ(value_of(fields, "X"), "1") << "the first";
  EXPECT_EQ(value_of(fields, "Y"), "");
  EXPECT_EQ(find(fields, "Y"), nullptr);
  EXPECT_TRUE(has_word(fields, "CONNECTION", "Close"));
  EXPECT_TRUE(has_word(fields, "connection", "X"));
  EXPECT_FALSE(has_word(fields, "connection", "clos"));
  EXPECT_FALSE(has_word(fields, "connection", "upgrade , close"));
  set(fields, "X", "3");
  EXPECT_EQ(value_of(fields, "x"), "3");
  EXPECT_EQ(fields.size(), 4u);
  EXPECT_FALSE(same_name("a", "ab"));
  EXPECT_FALSE(same_name("[", "{")) << "only letters have two cases";
}

TEST(Http1, TheConnectionLastsAsTheHeadSays) {
  EXPECT_TRUE(keep_alive(1, {}));
  EXPECT_FALSE(keep_alive(1, {{"Connection", "close"}}));
  EXPECT_FALSE(keep_alive(1, {{"Connection", "keep-alive, Close"}}));
  EXPECT_FALSE(keep_alive(0, {}));
  EXPECT_TRUE(keep_alive(0, {{"connection", "Keep-Alive"}}));
  EXPECT_FALSE(keep_alive(0, {{"Connection", "keep-alive"}, {"Connection", "close"}}));
}

TEST(Http1, HeadsAreWrittenAsTheyStand) {
  EXPECT_EQ(*write_head(request_head{"POST", "/in?a=b", {{"Host", "h"}, {"X", ""}}}),
            "POST /in?a=b HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n");
  EXPECT_EQ(*write_head(request_head{"GET", "*", {}, 0}), "GET * HTTP/1.0\r\n\r\n");
  EXPECT_EQ(*write_head(response_head{404, "", {{"A", "b\tc \xc3\xbc"}}}), "HTTP/1.1 404 Not Found\r\nA: b\tc \xc3\xbc\r\n\r\n");
  EXPECT_EQ(*write_head(response_head{299, "Fine by me", {}, 0}), "HTTP/1.0 299 Fine by me\r\n\r\n");
  EXPECT_EQ(reason_of(777), "Unknown");
}

TEST(Http1, NothingCanBeSmuggledIntoAHead) {
  const auto refused = [](const auto& head) {
    const auto made = write_head(head);
    return !made && made.status() == THARSIS_E_INVALID && !made.failure().text.empty();
  };
  for (const std::string wrong : {"", "a b", "a\r\nb", "a\nb", "a\rb", "a:b", "\x01", "\x7f", "\xc3\xbc"}) {
    SCOPED_TRACE(wrong);
    EXPECT_TRUE(refused(request_head{wrong, "/", {}}));
    EXPECT_TRUE(refused(request_head{"GET", "/", {{wrong, "x"}}}));
    EXPECT_TRUE(refused(response_head{200, "", {{wrong, "x"}}}));
  }
  for (const std::string wrong : {"", "/a b", "/a\r\nb", "/\n", "/\t", "/\x7f", "/\xc3\xbc"}) EXPECT_TRUE(refused(request_head{"GET", wrong, {}})) << wrong;
  for (const std::string& wrong : std::vector<std::string>{"a\r\nb", "a\n", "\r", " a", "a ", "\ta", {"a\0b", 3}, "\x1b[31m"}) {
    EXPECT_TRUE(refused(request_head{"GET", "/", {{"X", wrong}}})) << wrong;
    EXPECT_TRUE(refused(response_head{200, "", {{"X", wrong}}})) << wrong;
  }
  EXPECT_TRUE(refused(response_head{200, "a\r\nb", {}}));
  EXPECT_TRUE(refused(response_head{99, "", {}}));
  EXPECT_TRUE(refused(response_head{1000, "", {}}));
}

TEST(Http1, SentencesQuoteBytesSafely) {
  EXPECT_EQ(in_quotes("ab"), "\"ab\"");
  EXPECT_EQ(in_quotes("a\"\\\n\xff"), "\"a\\x22\\x5c\\x0a\\xff\"");
  EXPECT_EQ(in_quotes(std::string(41, 'x')), "\"" + std::string(40, 'x') + "\"...");
}

TEST(Http1, DatesAreThoseOfTheStandard) {
  EXPECT_EQ(date_text(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date_text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_text(951782399), "Mon, 28 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(date_text(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(date_text(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(Http1, MethodsAndStatusesSayWhatTheyImply) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) EXPECT_TRUE(is_idempotent(method));
  for (const char* method : {"POST", "PATCH", "CONNECT", "get"}) EXPECT_FALSE(is_idempotent(method));
  EXPECT_TRUE(has_no_body("HEAD", 200));
  EXPECT_TRUE(has_no_body("GET", 204) && has_no_body("GET", 304) && has_no_body("GET", 100));
  EXPECT_TRUE(has_no_body("CONNECT", 200));
  EXPECT_FALSE(has_no_body("CONNECT", 403) || has_no_body("GET", 200) || has_no_body("POST", 205));
  EXPECT_EQ(chunk_begin(1), "1\r\n");
  EXPECT_EQ(chunk_begin(0xBEEF), "beef\r\n");
}
