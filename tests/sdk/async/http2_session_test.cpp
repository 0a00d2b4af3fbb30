// Goal: the HTTP/2 client says and understands what an independent server does, however the bytes are cut, keeps to
// its limits, and tells of every exchange exactly one end. Method: nghttp2's server in the same process, and frames
// written by hand for what no honest server sends.
#include "sdk/async/http2_session.h"

#include <random>

#include "tests/sdk/async/http2_peer.h"

using namespace tharsis;

namespace {

using test::http2_peer;
using bytes = std::vector<uint8_t>;

const url web = *parse_url("https://web.test/");
http1::request_head get(std::string target, http1::field_list fields = {}) { return {"GET", std::move(target), std::move(fields)}; }
http1::request_head post(std::string target) { return {"POST", std::move(target), {}}; }

// What an exchange has told so far.
struct told {
  int status = 0, interims = 0, ends = 0;
  std::string body;
  http1::field_list fields, trailers;
  error failure{THARSIS_OK, {}};
};

void collect(http2_session& s, int32_t id, told& t) {
  for (;;) {
    switch (s.next(id)) {
      case http1::event::more: return;
      case http1::event::interim: ++t.interims; break;
      case http1::event::head:
        EXPECT_EQ(t.status, 0);
        t.status = s.response(id).status;
        t.fields = s.response(id).fields;
        break;
      case http1::event::body: t.body += as_text(s.piece(id)); break;
      case http1::event::end:
        ++t.ends;
        t.trailers = s.trailers(id);
        break;
      case http1::event::failed:
        ++t.ends;
        t.failure = s.failure(id);
        break;
    }
  }
}

void give(http2_session& s, std::span<const uint8_t> all, size_t cut = SIZE_MAX) {
  while (!all.empty()) {
    const size_t n = std::min(cut, all.size());
    s.on_bytes(all.first(n));
    all = all.subspan(n);
  }
}

bytes output(http2_session& s) {
  bytes all;
  for (auto some = s.take_output(1000); !some.empty(); some = s.take_output(1000)) all.insert(all.end(), some.begin(), some.end());
  return all;
}

// Until both have nothing to say. `collected` takes what comes in between, so that windows open.
void converse(http2_session& s, http2_peer& p, std::map<int32_t, told>* collected = nullptr, size_t cut = SIZE_MAX) {
  for (int rounds = 0;; ++rounds) {
    ASSERT_LT(rounds, 100'000);
    const bytes there = output(s);
    ASSERT_TRUE(there.empty() || p.on_bytes(there));
    const bytes back = p.take_output();
    give(s, back, cut);
    for (const int32_t id : s.take_news())
      if (collected != nullptr) collect(s, id, (*collected)[id]);
    if (there.empty() && back.empty()) return;
  }
}

// A frame as it stands on the wire.
bytes frame(uint8_t type, uint8_t flags, uint32_t id, std::string_view payload) {
  const auto size = static_cast<uint32_t>(payload.size());
  bytes all{static_cast<uint8_t>(size >> 16), static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size), type, flags};
  for (int shift = 24; shift >= 0; shift -= 8) all.push_back(static_cast<uint8_t>(id >> shift));
  all.insert(all.end(), payload.begin(), payload.end());
  return all;
}
constexpr uint8_t data_frame = 0, headers_frame = 1, settings_frame = 4, ping_frame = 6, continuation_frame = 9;
const bytes hello = frame(settings_frame, 0, 0, ""), agreed = frame(settings_frame, 1, 0, "");

// A session that has met a server which then does what its frames say.
struct scripted {
  explicit scripted(http2_limits l = {}) : session(web, l) {
    give(session, hello);
    output(session);
    give(session, agreed);
  }
  int32_t ask(bool body = false) {
    const auto id = session.begin(body ? post("/in") : get("/"), body);
    EXPECT_TRUE(id) << id.failure().text;
    output(session);
    return *id;
  }
  void hear(const bytes& all) {
    give(session, all);
    output(session);
  }
  told of(int32_t id) {
    told t;
    collect(session, id, t);
    return t;
  }
  http2_session session;
};

}  // namespace

TEST(Http2Session, ARequestArrivesAsItWasMeantAndItsAnswerComesBack) {
  http2_session s(web);
  http2_peer p;
  p.on_request = [&](int32_t id) { p.answer(id, {{":status", "200"}, {"content-type", "text/plain"}, {"content-length", "5"}}, "hello"); };
  http1::request_head head = get("/a?b=c", {{"Host", "other.test:8443"}, {"Connection", "keep-alive, X-Hop"}, {"X-Hop", "1"}, {"Keep-Alive", "5"},
                                            {"Transfer-Encoding", "chunked"}, {"Upgrade", "h2c"}, {"TE", "gzip"}, {"Cookie", "a=1"}, {"X-Own", "Mixed"}, {"Cookie", "b=2"}});
  const auto id = s.begin(head, false);
  ASSERT_TRUE(id);
  std::map<int32_t, told> all;
  converse(s, p, &all);
  const http1::field_list expected{{":method", "GET"}, {":scheme", "https"}, {":authority", "other.test:8443"}, {":path", "/a?b=c"}, {"x-own", "Mixed"}, {"cookie", "a=1; b=2"}};
  EXPECT_EQ(p.requests[*id].fields, expected);
  EXPECT_TRUE(p.requests[*id].whole);
  EXPECT_EQ(all[*id].status, 200);
  EXPECT_EQ(all[*id].body, "hello");
  EXPECT_EQ(all[*id].ends, 1);
  EXPECT_EQ(all[*id].failure.status, THARSIS_OK);
  EXPECT_EQ(http1::value_of(all[*id].fields, "Content-Type"), "text/plain");
}

TEST(Http2Session, CutsAtEveryByteChangeNothing) {
  std::string first;
  for (const size_t cut : {size_t{1}, size_t{2}, size_t{7}, size_t{10}, SIZE_MAX}) {
    http2_session s(web);
    http2_peer p;
    p.on_request = [&](int32_t id) {
      p.interim(id, "103");
      p.answer(id, {{":status", "404"}, {"x", std::string(300, 'v')}}, std::string(40'000, 'b') + std::to_string(id), false, {{"x-sum", "7"}});
    };
    std::vector<int32_t> ids;
    for (int i = 0; i < 5; ++i) {
      ids.push_back(*s.begin(post("/in"), true));
      s.write(ids.back(), as_bytes(std::string(3'000, 'q')), true);
    }
    std::map<int32_t, told> all;
    converse(s, p, &all, cut);
    std::string everything;
    for (const int32_t id : ids) {
      const told& t = all[id];
      everything += std::to_string(t.status) + t.body + std::to_string(t.interims) + std::to_string(t.ends) + std::to_string(t.trailers.size()) + t.failure.text;
      EXPECT_EQ(p.requests[id].body, std::string(3'000, 'q'));
    }
    if (first.empty()) first = everything;
    EXPECT_EQ(everything, first) << "cut " << cut;
    EXPECT_EQ(all[ids[0]].interims, 1);
    EXPECT_EQ(http1::value_of(all[ids[0]].trailers, "x-sum"), "7");
  }
}

TEST(Http2Session, WhateverTheOrderEveryExchangeHasItsOwnAnswerAndOneEnd) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto draw = [&](uint64_t most) { return random() % (most + 1); };
    http2_session s(web, {.window = 1 + static_cast<uint32_t>(draw(70'000))});
    http2_peer p({.exchanges_max = 1 + static_cast<uint32_t>(draw(10)), .window = 1 + static_cast<uint32_t>(draw(70'000))});
    std::map<int32_t, std::string> sent;
    std::map<int32_t, told> all;
    std::vector<int32_t> open, asked;
    p.on_request = [&](int32_t id) { asked.push_back(id); };
    size_t begun = 0;
    for (int step = 0; step < 400 || begun < 30; ++step) {
      ASSERT_LT(step, 100'000) << "seed " << seed;
      const auto what = draw(5);
      if (what == 0 && begun < 30 && s.room() > 0) {
        const int32_t id = *s.begin(post("/x"), true);
        ++begun;
        open.push_back(id);
        sent[id] = std::string(draw(30'000), static_cast<char>('a' + id % 26));
        s.write(id, as_bytes(sent[id]), true);
      } else if (what == 1 && !asked.empty()) {
        std::swap(asked[draw(asked.size() - 1)], asked.back());
        const int32_t id = asked.back();
        asked.pop_back();
        if (!p.requests[id].closed) p.answer(id, {{":status", "200"}}, p.requests[id].body);
      } else if (what == 2 && !open.empty() && draw(20) == 0) {
        std::swap(open[draw(open.size() - 1)], open.back());
        s.drop(open.back());
        all.erase(open.back());
        open.pop_back();
      } else if (what == 3) {
        const bytes there = output(s);
        for (std::span<const uint8_t> rest = there; !rest.empty();) {
          const size_t n = std::min(rest.size(), 1 + draw(5'000));
          ASSERT_TRUE(p.on_bytes(rest.first(n))) << "seed " << seed;
          rest = rest.subspan(n);
        }
      } else if (what == 4) {
        give(s, p.take_output(), 1 + draw(5'000));
      } else {
        for (const int32_t id : s.take_news())
          if (std::find(open.begin(), open.end(), id) != open.end()) collect(s, id, all[id]);
      }
    }
    for (int i = 0; i < 3; ++i) {
      converse(s, p, &all);
      for (const int32_t id : std::exchange(asked, {}))
        if (!p.requests[id].closed) p.answer(id, {{":status", "200"}}, p.requests[id].body);
      for (const int32_t id : open) collect(s, id, all[id]);
    }
    converse(s, p, &all);
    for (const int32_t id : open) {
      collect(s, id, all[id]);
      EXPECT_EQ(all[id].ends, 1) << "seed " << seed << " " << all[id].failure.text;
      if (s.unprocessed(id)) {  // Begun before the peer had said how many it allows.
        EXPECT_FALSE(p.requests[id].whole) << "seed " << seed;
        continue;
      }
      EXPECT_TRUE(all[id].body == sent[id]) << "seed " << seed << ": " << all[id].body.size() << " of " << sent[id].size() << " bytes; " << p.requests[id].body.size() << " " << p.requests[id].whole;
      EXPECT_EQ(all[id].status, 200) << "seed " << seed;
    }
    EXPECT_FALSE(s.over()) << "seed " << seed << " " << s.failure().text;
  }
}

TEST(Http2Session, WhatNobodyTakesIsNotAskedForAndHoldsNobodyElseBack) {
  http2_session s(web, {.window = 20'000});
  http2_peer p({.window = 65535});
  p.on_request = [&](int32_t id) { p.answer(id, {{":status", "200"}}, std::string(100'000, 'z')); };
  const int32_t slow = *s.begin(get("/slow"), false), quick = *s.begin(get("/quick"), false);
  told of_quick;
  for (int i = 0; i < 1000 && of_quick.ends == 0; ++i) {
    converse(s, p);
    collect(s, quick, of_quick);
  }
  EXPECT_EQ(of_quick.body.size(), 100'000u);
  EXPECT_EQ(p.requests[slow].out_from, 20'000u);
  told of_slow;
  for (int i = 0; i < 1000 && of_slow.ends == 0; ++i) {
    collect(s, slow, of_slow);
    converse(s, p);
  }
  EXPECT_EQ(of_slow.body.size(), 100'000u);
}

TEST(Http2Session, ABodyGoesOnlyAsFarAsThePeerHasRoom) {
  http2_session s(web);
  http2_peer p({.window = 1'000, .takes_by_itself = false});
  converse(s, p);  // Its settings first.
  const int32_t id = *s.begin(post("/in"), true);
  s.write(id, as_bytes(std::string(5'000, 'u')), false);
  converse(s, p);
  EXPECT_EQ(p.requests[id].body.size(), 1'000u);
  EXPECT_EQ(s.unsent(id), 4'000u);
  p.give_room(id, 1'000);
  converse(s, p);
  EXPECT_EQ(s.unsent(id), 3'000u);
  s.write(id, as_bytes(std::string(1, 'v')), true);
  for (int i = 0; i < 10; ++i) {
    p.give_room(id, std::min<size_t>(1'000, p.requests[id].body.size()));
    converse(s, p);
  }
  EXPECT_EQ(p.requests[id].body, std::string(5'000, 'u') + "v");
  EXPECT_TRUE(p.requests[id].whole);
}

TEST(Http2Session, NoMoreExchangesAtOnceThanThePeerAllows) {
  http2_session s(web);
  EXPECT_EQ(s.room(), 100u);
  http2_peer p({.exchanges_max = 2});
  converse(s, p);
  EXPECT_EQ(s.room(), 2u);
  const int32_t one = *s.begin(get("/1"), false);
  ASSERT_TRUE(s.begin(get("/2"), false));
  EXPECT_EQ(s.begin(get("/3"), false).status(), THARSIS_E_BUSY);
  converse(s, p);
  p.answer(one, {{":status", "204"}}, "");
  converse(s, p);
  EXPECT_EQ(s.room(), 1u);
  EXPECT_TRUE(s.takes_more());
}

TEST(Http2Session, AfterGoawayWhatWasNeverLookedAtSaysSoAndTheRestGoesOn) {
  http2_session s(web);
  http2_peer p;
  const int32_t first = *s.begin(get("/1"), false), second = *s.begin(post("/2"), true);
  std::map<int32_t, told> all;
  converse(s, p, &all);
  p.go_away(first);
  converse(s, p, &all);
  EXPECT_FALSE(s.takes_more());
  EXPECT_EQ(s.room(), 0u);
  EXPECT_EQ(all[second].failure.status, THARSIS_E_RESET) << all[second].failure.text;
  EXPECT_TRUE(s.unprocessed(second));
  EXPECT_EQ(all[first].ends, 0);
  p.answer(first, {{":status", "200"}}, "late but here");
  converse(s, p, &all);
  EXPECT_EQ(all[first].body, "late but here");
  EXPECT_FALSE(s.unprocessed(first));
  EXPECT_TRUE(s.over());
  EXPECT_EQ(s.failure().status, THARSIS_E_RESET);
}

TEST(Http2Session, AnExchangeThatIsResetFailsAloneAndSaysWhy) {
  http2_session s(web);
  http2_peer p;
  const int32_t refused = *s.begin(post("/1?secret=x"), true), cut = *s.begin(get("/2"), false), older = *s.begin(get("/3"), false), fine = *s.begin(get("/4"), false);
  std::map<int32_t, told> all;
  converse(s, p, &all);
  p.reset(refused, NGHTTP2_REFUSED_STREAM);
  p.answer(cut, {{":status", "200"}}, "the beginning", true);
  p.reset(older, NGHTTP2_HTTP_1_1_REQUIRED);
  p.answer(fine, {{":status", "200"}}, "whole");
  converse(s, p, &all);
  p.reset(cut, NGHTTP2_INTERNAL_ERROR);
  converse(s, p, &all);
  EXPECT_TRUE(s.unprocessed(refused));
  EXPECT_EQ(all[refused].failure.text.find("secret"), std::string::npos) << all[refused].failure.text;
  EXPECT_NE(all[refused].failure.text.find("to POST /1"), std::string::npos) << all[refused].failure.text;
  EXPECT_EQ(all[cut].body, "the beginning");
  EXPECT_NE(all[cut].failure.text.find("is not whole: it gave the exchange up (HTTP/2 INTERNAL_ERROR)"), std::string::npos) << all[cut].failure.text;
  EXPECT_FALSE(s.unprocessed(cut));
  EXPECT_EQ(all[older].failure.status, THARSIS_E_PROTOCOL);
  EXPECT_NE(all[older].failure.text.find("HTTP/1.1"), std::string::npos) << all[older].failure.text;
  EXPECT_EQ(all[fine].body, "whole");
}

TEST(Http2Session, WhatIsDroppedIsResetAndItsAnswerIgnored) {
  http2_session s(web);
  http2_peer p;
  const int32_t id = *s.begin(get("/long-poll"), false);
  converse(s, p);
  p.answer(id, {{":status", "200"}}, std::string(50'000, 'x'), true);
  const bytes on_its_way = p.take_output();
  s.drop(id);
  EXPECT_TRUE(p.on_bytes(output(s)));
  EXPECT_EQ(p.requests[id].code, static_cast<uint32_t>(NGHTTP2_CANCEL));
  give(s, on_its_way);
  EXPECT_FALSE(s.over()) << s.failure().text;
  p.on_request = [&](int32_t next) { p.answer(next, {{":status", "200"}}, "next"); };
  const int32_t next = *s.begin(get("/next"), false);
  std::map<int32_t, told> all;
  converse(s, p, &all);
  EXPECT_EQ(all[next].body, "next");
}

TEST(Http2Session, ABodyThatIsNotAsLongAsItsHeadSaysIsAFailure) {
  for (const char* length : {"3", "7"}) {
    http2_session s(web);
    http2_peer p;
    const int32_t id = *s.begin(get("/"), false);
    std::map<int32_t, told> all;
    converse(s, p, &all);
    p.answer(id, {{":status", "200"}, {"content-length", length}}, "hello");
    converse(s, p, &all);
    EXPECT_EQ(all[id].ends, 1);
    EXPECT_EQ(all[id].failure.status, THARSIS_E_PROTOCOL) << length << all[id].failure.text;
    EXPECT_TRUE(s.takes_more());
  }
}

TEST(Http2Session, HeadAnd304HaveALengthAndNoBody) {
  http2_session s(web);
  http2_peer p;
  p.on_request = [&](int32_t id) { p.answer(id, {{":status", "200"}, {"content-length", "5000"}}, ""); };
  const int32_t id = *s.begin({"HEAD", "/", {}}, false);
  std::map<int32_t, told> all;
  converse(s, p, &all);
  EXPECT_EQ(all[id].ends, 1);
  EXPECT_EQ(all[id].failure.status, THARSIS_OK) << all[id].failure.text;
  EXPECT_EQ(s.left(id), 0u);
}

TEST(Http2Session, TheWiresEndFailsWhatIsNotWhole) {
  http2_session s(web);
  http2_peer p;
  const int32_t whole = *s.begin(get("/1"), false), cut = *s.begin(get("/2"), false);
  converse(s, p);
  p.answer(whole, {{":status", "200"}}, "all");
  converse(s, p);
  s.on_end({THARSIS_E_RESET, "it closed the connection"});
  told one, two;
  collect(s, whole, one);
  collect(s, cut, two);
  EXPECT_EQ(one.body, "all");
  EXPECT_EQ(one.failure.status, THARSIS_OK);
  EXPECT_EQ(two.failure.status, THARSIS_E_RESET);
  EXPECT_FALSE(s.heard(cut));
  s.drop(cut);
  s.drop(whole);
  EXPECT_TRUE(output(s).empty());
}

TEST(Http2Limits, AHeadOfTooManyBytesOrFieldsEndsItsExchangeAlone) {
  for (const size_t fields : {size_t{101}, size_t{50}}) {
    http2_session s(web);
    http2_peer p;
    const int32_t id = *s.begin(get("/"), false), other = *s.begin(get("/other"), false);
    std::map<int32_t, told> all;
    converse(s, p, &all);
    http1::field_list head{{":status", "200"}};
    for (size_t i = 0; i < fields; ++i) head.push_back({"x" + std::to_string(i), std::string(fields > 100 ? 1 : 1'000, 'v')});
    p.answer(id, head, "");
    p.answer(other, {{":status", "200"}}, "fine");
    converse(s, p, &all);
    EXPECT_EQ(all[id].failure.status, THARSIS_E_PROTOCOL);
    EXPECT_NE(all[id].failure.text.find("a head of more than"), std::string::npos) << all[id].failure.text;
    EXPECT_EQ(all[other].body, "fine");
  }
}

TEST(Http2Limits, AFieldThatUnpacksToMegabytesCostsItsLimitOnly) {
  // The dynamic table takes a field of 4000 bytes once; a byte each names it again, 16,000 times.
  scripted t;
  const int32_t id = t.ask();
  std::string block = "\x88\x40\x01x\x7f";
  block += "\xa1\x1e";  // 127 + 33 + 30 * 128: 4000.
  block += std::string(4000, 'v');
  block += std::string(12'000, '\xbe');
  t.hear(frame(headers_frame, 4, static_cast<uint32_t>(id), block));
  const told all = t.of(id);
  EXPECT_EQ(all.failure.status, THARSIS_E_PROTOCOL);
  EXPECT_NE(all.failure.text.find("a head of more than"), std::string::npos) << all.failure.text;
}

TEST(Http2Limits, FramesThatBringNothingEndTheConnectionAtLast) {
  const std::pair<const char*, bytes> floods[] = {
      {"pings", frame(ping_frame, 0, 0, "12345678")},
      {"settings", frame(settings_frame, 0, 0, "")},
      {"unknown frames", frame(77, 0, 0, "x")},
      {"empty data", frame(data_frame, 0, 1, "")},
      {"window updates", frame(8, 0, 0, std::string("\0\0\0\1", 4))},
      {"priorities", frame(2, 0, 1, std::string("\0\0\0\0\1", 5))},
  };
  for (const auto& [name, one] : floods) {
    scripted t;
    const int32_t id = t.ask();
    t.hear(frame(headers_frame, 4, static_cast<uint32_t>(id), "\x88"));
    int frames = 0;
    while (!t.session.over() && frames < 40'000) t.hear(one), ++frames;
    EXPECT_LT(frames, 30'000) << name;
    EXPECT_EQ(t.session.failure().status, THARSIS_E_PROTOCOL) << name;
    EXPECT_EQ(t.of(id).failure.status, THARSIS_E_PROTOCOL) << name << ": " << t.session.failure().text;
  }
}

TEST(Http2Limits, ThousandsOfContinuationsAndAnswersThatNobodyTakesEndTheConnection) {
  {
    scripted t;
    const int32_t id = t.ask();
    t.hear(frame(headers_frame, 0, static_cast<uint32_t>(id), "\x88"));
    int frames = 0;
    while (!t.session.over() && frames < 1'000) t.hear(frame(continuation_frame, 0, static_cast<uint32_t>(id), "\x88")), ++frames;
    EXPECT_LT(frames, 50);
    EXPECT_EQ(t.of(id).failure.status, THARSIS_E_PROTOCOL);
  }
  scripted t;
  bytes pings;
  for (int i = 0; i < 1'000; ++i) {
    const bytes one = frame(ping_frame, 0, 0, "12345678");
    pings.insert(pings.end(), one.begin(), one.end());
  }
  give(t.session, pings);  // Nobody takes the output.
  EXPECT_TRUE(t.session.over());
  EXPECT_NE(t.session.failure().text.find("does not take them"), std::string::npos) << t.session.failure().text;
}

TEST(Http2Limits, NothingBut1xxIsNoAnswer) {
  scripted t;
  const int32_t id = t.ask();
  const bytes one = frame(headers_frame, 4, static_cast<uint32_t>(id), std::string("\x08\x03") + "102");
  for (int i = 0; i < 200; ++i) t.hear(one);
  const told all = t.of(id);
  EXPECT_EQ(all.failure.status, THARSIS_E_PROTOCOL);
  EXPECT_LE(all.interims, 100);
  EXPECT_NE(all.failure.text.find("1xx"), std::string::npos) << all.failure.text;
}

// nghttp2 takes them for answers.
TEST(Http2Limits, AStatusThatIsNoneEndsItsExchangeAtOnce) {
  for (const char* status : {"000", "099"}) {
    scripted t;
    const int32_t id = t.ask();
    t.hear(frame(headers_frame, 4, static_cast<uint32_t>(id), std::string("\x08\x03") + status));
    const told all = t.of(id);
    EXPECT_EQ(all.failure.status, THARSIS_E_PROTOCOL);
    EXPECT_NE(all.failure.text.find("status"), std::string::npos) << all.failure.text;
  }
}

TEST(Http2Limits, APushIsRefused) {
  scripted t;
  const int32_t id = t.ask();
  t.hear(frame(5, 4, static_cast<uint32_t>(id), std::string("\0\0\0\2", 4) + "\x82\x86\x84"));
  EXPECT_TRUE(t.session.over());
  EXPECT_EQ(t.of(id).failure.status, THARSIS_E_PROTOCOL);
}

TEST(Http2Limits, WhatIsNoHttp2SaysSo) {
  for (const std::string_view text : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    http2_session s(web);
    const int32_t id = *s.begin(get("/"), false);
    output(s);
    give(s, bytes(text.begin(), text.end()));
    output(s);
    s.on_end({THARSIS_E_RESET, "it closed the connection"});
    told t;
    collect(s, id, t);
    EXPECT_EQ(t.failure.status, THARSIS_E_PROTOCOL) << t.failure.text;
  }
}

TEST(Http2Limits, WhatCannotBeWrittenIsRefusedBeforeItGoes) {
  http2_session s(web);
  output(s);
  EXPECT_EQ(s.begin(get("/", {{"X", "a\r\nb"}}), false).status(), THARSIS_E_INVALID);
  EXPECT_EQ(s.begin(get("/", {{"bad name", "x"}}), false).status(), THARSIS_E_INVALID);
  EXPECT_EQ(s.begin({"G T", "/", {}}, false).status(), THARSIS_E_INVALID);
  EXPECT_TRUE(output(s).empty());
  EXPECT_EQ(s.room(), 100u);
}

// Another connection would not take it either.
TEST(Http2Limits, AHeadThatIsTooLargeToGoIsNoReasonToTryAgain) {
  http2_session s(web);
  output(s);
  const auto id = s.begin(get("/", {{"X", std::string(100'000, 'x')}}), false);
  ASSERT_TRUE(id.ok());
  output(s);
  told all;
  collect(s, *id, all);
  EXPECT_EQ(all.failure.status, THARSIS_E_INVALID) << all.failure.text;
  EXPECT_FALSE(s.unprocessed(*id));
  EXPECT_EQ(s.room(), 100u);
}
