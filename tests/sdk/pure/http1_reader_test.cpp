// The reader of messages: what it gives, the same for every cut; what it refuses, and with which sentence.
#include "sdk/pure/http1_reader.h"

#include <gtest/gtest.h>

#include "sdk/pure/views.h"

using namespace tharsis;
using namespace tharsis::http1;

namespace {

using reads = message_reader::reads;

std::string text(const field_list& fields) {
  std::string out;
  for (const field& f : fields) out += " " + f.name + "=" + f.value;
  return out;
}

// All that a reader tells, as one text; pieces of a body that follow each other are one.
class told {
 public:
  explicit told(reads what, limits l = {}, std::string method = "GET") : reader_(what, l), what_(what), method_(method) {
    reader_.expect(method_);
  }
  void feed(std::string_view bytes) {
    auto rest = as_bytes(bytes);
    while (!failed_ && note(reader_.next(rest))) {
    }
  }
  void end() {
    if (!failed_) note(reader_.on_end());
  }
  std::string all;
  message_reader& reader() { return reader_; }

 private:
  bool note(event e) {
    if (e != event::body && e != event::more && !body_.empty()) all += "body " + std::exchange(body_, {}) + "\n";
    switch (e) {
      case event::more: return false;
      case event::body: body_ += as_text(reader_.piece()); return true;
      case event::interim:
      case event::head: {
        const auto& q = reader_.request();
        const auto& s = reader_.response();
        all += e == event::interim ? "interim " : "head ";
        all += what_ == reads::requests ? q.method + " " + q.target + " " + std::to_string(q.minor) + text(q.fields)
                                        : std::to_string(s.status) + " " + s.reason + " " + std::to_string(s.minor) + text(s.fields);
        all += reader_.keeps_alive() ? "\n" : " (last)\n";
        return true;
      }
      case event::end: all += "end" + text(reader_.trailers()) + "\n"; return true;
      case event::failed: break;
    }
    failed_ = true;
    all += "failed " + std::to_string(reader_.failure().status) + " " + reader_.failure().why.text + "\n";
    EXPECT_EQ(reader_.next(nothing_), event::failed) << "for good";
    return false;
  }
  message_reader reader_;
  reads what_;
  std::string method_, body_;
  bool failed_ = false;
  std::span<const uint8_t> nothing_;
};

// Told of a text that comes whole; and, with the same words, in two pieces cut anywhere, and byte by byte.
std::string read(reads what, std::string_view bytes, limits l = {}, const std::string& method = "GET") {
  told whole(what, l, method);
  whole.feed(bytes);
  whole.end();
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    told halves(what, l, method);
    halves.feed(bytes.substr(0, cut));
    halves.feed(bytes.substr(cut));
    halves.end();
    EXPECT_EQ(halves.all, whole.all) << "cut at " << cut;
  }
  told bytewise(what, l, method);
  for (const char& c : bytes) bytewise.feed({&c, 1});
  bytewise.end();
  EXPECT_EQ(bytewise.all, whole.all) << "byte by byte";
  return whole.all;
}
std::string request(std::string_view bytes, limits l = {}) { return read(reads::requests, bytes, l); }
std::string response(std::string_view bytes, const std::string& method = "GET", limits l = {}) {
  return read(reads::responses, bytes, l, method);
}

}  // namespace

TEST(Http1Reader, RequestsOfEveryKindOneAfterTheOther) {
  EXPECT_EQ(request("GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n"
                    "POST /in HTTP/1.1\r\nhost:h:80\r\nContent-Length:  5 \r\nX:\r\n\r\nhello"
                    "\r\nPUT * HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                    "3;x=\"y\"\r\nabc\r\n00A \t;z\r\n0123456789\r\n0\r\nT: 1\r\nU: 2\r\n\r\n"
                    "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"),
            "head GET /a?b 1 Host=h\nend\n"
            "head POST /in 1 host=h:80 Content-Length=5 X=\nbody hello\nend\n"
            "head PUT * 1 Host=h Transfer-Encoding=Chunked\nbody abc0123456789\nend T=1 U=2\n"
            "head POST / 0 Content-Length=0 (last)\nend\n");
}

TEST(Http1Reader, AnswersOfEveryKind) {
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "head 200 OK 1 Content-Length=2\nbody hi\nend\n");
  EXPECT_EQ(response("HTTP/1.1 200\r\n\r\nup to the end"), "head 200  1 (last)\nbody up to the end\nend\n");
  EXPECT_EQ(response("HTTP/1.1 200 \r\n\r\n"), "head 200  1 (last)\nend\n");
  EXPECT_EQ(response("HTTP/1.1 299 Quite \xc3\xbc\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
            "head 299 Quite \xc3\xbc 1 Transfer-Encoding=chunked\nbody ab\nend\n");
  EXPECT_EQ(response("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx"),
            "head 200 OK 0 Connection=keep-alive Content-Length=1\nbody x\nend\n");
  EXPECT_EQ(response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
            "interim 100 Continue 1\ninterim 103 Hints 1 Link=x\nhead 204 No Content 1\nend\n");
  EXPECT_EQ(response("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), "head 304 Not Modified 1 Content-Length=5\nend\n");
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"), "head 200 OK 1 Content-Length=5\nend\n");
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD"), "head 200 OK 1 Transfer-Encoding=chunked\nend\n");
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            "head 200 OK 1 Connection=close Content-Length=0 (last)\nend\n");
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
            "head 200 OK 1 Content-Length=3 Content-Length=3\nbody abc\nend\n");
}

TEST(Http1Reader, RefusesWhatCouldBeReadInTwoWays) {
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::vector<std::pair<std::string, std::string>> all = {
      {get + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400 it has both Content-Length and Transfer-Encoding"},
      {get + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 it has two different fields Content-Length"},
      {get + "Content-Length: 1, 1\r\n\r\n", "400 its Content-Length is \"1, 1\", which is no number of bytes"},
      {get + "Content-Length: +1\r\n\r\n", "400 its Content-Length is \"+1\""},
      {get + "Content-Length: -1\r\n\r\n", "400 its Content-Length is \"-1\""},
      {get + "Content-Length: 0x1\r\n\r\n", "400 its Content-Length is \"0x1\""},
      {get + "Content-Length:\r\n\r\n", "400 its Content-Length is \"\""},
      {get + "Content-Length: 18446744073709551616\r\n\r\n", "400 its Content-Length is "},
      {get + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501 its Transfer-Encoding is \"gzip, chunked\"; only"},
      {get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "501 its Transfer-Encoding"},
      {get + "Transfer-Encoding: \"chunked\"\r\n\r\n", "501 its Transfer-Encoding"},
      {get + "Transfer-Encoding: xchunked\r\n\r\n", "501 its Transfer-Encoding"},
      {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 it is HTTP/1.0 and has Transfer-Encoding"},
      {get + " folded: x\r\n\r\n", "400 line 3 of the head begins with a space"},
      {get + "X: a\r\n\tb\r\n\r\n", "400 line 4 of the head begins with a space"},
      {get + "X : a\r\n\r\n", "400 line 3 of the head has \"X \" before the colon"},
      {get + ": a\r\n\r\n", "400 line 3 of the head has \"\" before the colon"},
      {get + "X\r\n\r\n", "400 line 3 of the head has no colon"},
      {get + "X: a\n\r\n", "400 line 3 of the head does not end with CR LF"},
      {get + "X: a\rb\r\n\r\n", "400 line 3 of the head, 'X', has a control character"},
      {get + std::string("X: a\0b\r\n\r\n", 10), "400 line 3 of the head, 'X', has a control character"},
      {get + "X: a\r\r\n\r\n", "400 line 3 of the head, 'X', has a control character"},
      {"GET / HTTP/1.1\nHost: h\n\n", "400 line 1 of the head does not end with CR LF"},
      {"GET / HTTP/1.1\r\n\r\n", "400 it has no field Host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 it has the field Host 2 times"},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400 its field Host is no host"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 its field Host is no host"},
      {"GET  / HTTP/1.1\r\n\r\n", "400 line 1 of the head has a target that is empty, or has spaces"},
      {"GET / x HTTP/1.1\r\n\r\n", "400 line 1 of the head has a target"},
      {"GET /\x01 HTTP/1.1\r\n\r\n", "400 line 1 of the head has a target"},
      {"GET /\xc3\xbc HTTP/1.1\r\n\r\n", "400 line 1 of the head has a target"},
      {"GET /\r\n\r\n", "400 line 1 of the head is not a method, a target and a version"},
      {"GET\r\n\r\n", "400 line 1 of the head is not a method"},
      {"GET / HTTP/1.1 \r\n\r\n", "400 line 1 of the head has \"\" where the version should be"},
      {"GET / http/1.1\r\n\r\n", "400 line 1 of the head has \"http/1.1\" where"},
      {"GET / HTTP/11.1\r\n\r\n", "400 line 1 of the head has \"HTTP/11.1\" where"},
      {"GE(T / HTTP/1.1\r\n\r\n", "400 line 1 of the head begins with \"GE(T\", which is no method"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 it is HTTP/2.0"},
      {"GET / HTTP/0.9\r\n\r\n", "505 it is HTTP/0.9"},
      {" GET / HTTP/1.1\r\n\r\n", "400 it does not begin with a method"},
      {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", "400 line 1 of the head is not"},
      {"\n", "400 it does not begin with a method"},
      {"\x16\x03\x01\x02", "400 it begins like TLS"},
  };
  for (const auto& [bytes, sentence] : all) {
    SCOPED_TRACE(bytes);
    const std::string got = request(bytes + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(got.starts_with("failed " + sentence)) << got;
  }
}

TEST(Http1Reader, RefusesAnswersThatMeanNothing) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"SSH-2.0-OpenSSH", "it does not begin with HTTP/"},
      {"HTTP/1.1\r\n", "line 1 of the head has no status of three digits"},
      {"HTTP/1.1 20 OK\r\n", "line 1 of the head has no status"},
      {"HTTP/1.1 2000 OK\r\n", "line 1 of the head has no status"},
      {"HTTP/1.1 020 OK\r\n", "line 1 of the head has no status"},
      {"HTTP/1.1  200 OK\r\n", "line 1 of the head has no status"},
      {"HTTP/1.1 200 O\x01K\r\n", "line 1 of the head has a control character"},
      {"HTTP/2 200 OK\r\n", "line 1 of the head has \"HTTP/2\" where the version should be"},
      {"HTTP/3.0 200 OK\r\n", "it is HTTP/3.0"},
      {"HTTP/1.1 101 Switching\r\n\r\n", "it switches to another protocol"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "it has both"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "it is HTTP/1.0 and has"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "its Transfer-Encoding is \"gzip\""},
  };
  for (const auto& [bytes, sentence] : all) {
    SCOPED_TRACE(bytes);
    const std::string got = response(bytes);
    EXPECT_EQ(got.substr(got.find(' ', 7) + 1, sentence.size()), sentence) << got;
  }
}

TEST(Http1Reader, RefusesDamagedChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::pair<std::string, std::string>> all = {
      {"x\r\n", "a chunk's size is \"x\""},
      {"\r\n", "a chunk's size is \"\""},
      {"0x1\r\n", "a chunk's size is \"0x1\""},
      {"-1\r\n", "a chunk's size is \"-1\""},
      {"+1\r\n", "a chunk's size is \"+1\""},
      {" 1\r\n", "a chunk's size is \" 1\""},
      {"1 \r\n", "a chunk's size is \"1 \""},
      {"1 2\r\n", "a chunk's size is \"1 2\""},
      {"1;a\rb\r\n", "a chunk's size is \"1;a\\x0db\""},
      {"1\na\r\n", "the line with a chunk's size does not end with CR LF"},
      {"10000000000000000\r\n", "a chunk's size is "},
      {"0\r\nX : y\r\n\r\n", "line 1 of the trailers has \"X \" before"},
      {"0\r\n y\r\n\r\n", "line 1 of the trailers begins with a space"},
  };
  for (const auto& [bytes, sentence] : all) {
    SCOPED_TRACE(bytes);
    const std::string got = request(head + bytes);
    EXPECT_NE(got.find("\nfailed 400 " + sentence), std::string::npos) << got;
  }
  EXPECT_NE(request(head + "1\r\nabc\r\n").find("body a\nfailed 400 a chunk is longer than its size says"), std::string::npos);
  EXPECT_NE(request(head + "1\r\na\n0\r\n").find("failed 400 a chunk is longer"), std::string::npos);
}

TEST(Http1Reader, KeepsEachLimitToTheByte) {
  const std::string line = "GET /" + std::string(100, 'x') + " HTTP/1.1\r\n";  // 116 bytes
  const std::string fields = "Host: h\r\nA: b\r\n\r\n";                       // 9 + 6 + 2
  limits l;
  l.line = line.size();
  EXPECT_TRUE(request(line + fields, l).starts_with("head "));
  --l.line;
  EXPECT_TRUE(request(line + fields, l).starts_with("failed 414 ")) << request(line + fields, l);
  l = {};
  l.head = line.size() + fields.size();
  EXPECT_TRUE(request(line + fields, l).starts_with("head "));
  --l.head;
  EXPECT_TRUE(request(line + fields, l).starts_with("failed 431 "));
  l = {};
  l.fields = 2;
  EXPECT_TRUE(request(line + fields, l).starts_with("head "));
  l.fields = 1;
  EXPECT_TRUE(request(line + fields, l).starts_with("failed 431 it has more than 1 fields"));
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  l = {};
  l.body = 5;
  EXPECT_NE(request(post + "Content-Length: 5\r\n\r\nhello", l).find("end"), std::string::npos);
  EXPECT_TRUE(request(post + "Content-Length: 6\r\n\r\n", l).starts_with("failed 413 its body has 6 bytes, at most 5"));
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_NE(request(chunked + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", l).find("end"), std::string::npos);
  EXPECT_NE(request(chunked + "2\r\nhe\r\n4\r\n", l).find("body he\nfailed 413 "), std::string::npos);
  EXPECT_NE(request(chunked + "ffffffffffffffff\r\n", l).find("failed 413 "), std::string::npos);
  EXPECT_NE(response("HTTP/1.1 200 OK\r\n\r\nhello", "GET", l).find("body hello\nend"), std::string::npos);
  EXPECT_NE(response("HTTP/1.1 200 OK\r\n\r\nhello!", "GET", l).find("body hello\nfailed 413 "), std::string::npos);
  l = {};
  l.chunk_line = 6;
  EXPECT_NE(request(chunked + "1;ab\r\nx\r\n0\r\n\r\n", l).find("end"), std::string::npos);
  EXPECT_NE(request(chunked + "1;abc\r\nx\r\n", l).find("failed 400 "), std::string::npos);
  l = {};
  l.fields = 3;
  EXPECT_NE(request(chunked + "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", l).find("end A=1 B=2 C=3"), std::string::npos);
  EXPECT_NE(request(chunked + "0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", l).find("failed 431 "), std::string::npos);
  l = {};
  l.head = 80;
  EXPECT_NE(request(chunked + "0\r\nA: " + std::string(73, 'x') + "\r\n\r\n", l).find("end A="), std::string::npos);
  EXPECT_NE(request(chunked + "0\r\nA: " + std::string(74, 'x') + "\r\n\r\n", l).find("failed 431 "), std::string::npos);
}

TEST(Http1Reader, AnEndlessHeadIsGivenUpWhileItComes) {
  for (const std::string begun : {"", "GET / HTTP/1.1\r\nHost: h\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: "}) {
    told t(reads::requests);
    t.feed(begun);
    size_t fed = 0;
    for (; t.all.empty() && fed < 1'000'000; fed += 100) t.feed(std::string(100, 'x'));
    EXPECT_LE(fed, 33'000u);
    EXPECT_TRUE(t.all.starts_with("failed 4")) << t.all;
  }
}

TEST(Http1Reader, BodiesThatAreMostlyExtensionsAreGivenUp) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  told mean(reads::requests), small(reads::requests);
  mean.feed(head);
  small.feed(head);
  for (int i = 0; i < 10'000; ++i) {
    mean.feed("1;" + std::string(200, 'x') + "\r\na\r\n");
    small.feed("1\r\na\r\n");
  }
  EXPECT_NE(mean.all.find("failed 400 its chunks are mostly extensions"), std::string::npos);
  EXPECT_EQ(small.all.find("failed"), std::string::npos) << "small chunks alone are honest";
}

TEST(Http1Reader, ACutMessageIsNoWholeOne) {
  const std::vector<std::pair<reads, std::string>> all = {
      {reads::requests, "POST /in HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"},
      {reads::requests, "POST /in HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"},
      {reads::responses, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
      {reads::responses, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
  };
  for (const auto& [what, bytes] : all) {
    for (size_t size = 0; size <= bytes.size(); ++size) {
      told t(what);
      t.feed(std::string_view(bytes).substr(0, size));
      t.end();
      if (size == 0) EXPECT_EQ(t.all, "");
      else if (size == bytes.size()) EXPECT_EQ(t.all.find("failed"), std::string::npos);
      else EXPECT_EQ(t.reader().failure().why.status, THARSIS_E_RESET) << size << ": " << t.all;
    }
  }
}

TEST(Http1Reader, TellsWhatIsLeftAndWhetherItIsWithinAMessage) {
  message_reader r(reads::requests);
  EXPECT_FALSE(r.in_message());
  std::string text = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
  auto bytes = as_bytes(std::string_view(text).substr(0, 3));
  EXPECT_EQ(r.next(bytes), event::more);
  EXPECT_TRUE(r.in_message());
  bytes = as_bytes(std::string_view(text).substr(3));
  EXPECT_EQ(r.next(bytes), event::head);
  EXPECT_EQ(r.left(), 5u);
  auto two = bytes.first(2);
  EXPECT_EQ(r.next(two), event::body);
  EXPECT_EQ(r.left(), 3u);
  EXPECT_EQ(r.piece().data(), bytes.data()) << "a view, no copy";
  bytes = bytes.subspan(2);
  EXPECT_EQ(r.next(bytes), event::body);
  EXPECT_TRUE(r.in_message()) << "until the end has been told";
  EXPECT_EQ(r.next(bytes), event::end);
  EXPECT_FALSE(r.in_message());
  EXPECT_EQ(r.left(), 0u);
}
