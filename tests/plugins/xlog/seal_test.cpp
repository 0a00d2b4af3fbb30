#include "plugins/xlog/core/seal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "plugins/xlog/core/keystream.h"
#include "plugins/xlog/core/frame_chain.h"
#include "sdk/pure/views.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr cipher_suite suites[] = {cipher_suite::aes, cipher_suite::chacha};
constexpr unique_id file_id = {1, 2, 3};

struct block {
  uint64_t number = 0;
  bool last = false;
  std::vector<uint8_t> header;
  std::vector<std::vector<uint8_t>> payloads;  // With their tags.
};

// A file of blocks with 1 to 3 payloads of any size, as it was and as it was sealed.
struct sealed_file {
  std::vector<uint8_t> envelope;
  std::vector<block> plain, sealed;
};

sealed_file make_file(uint64_t seed, std::span<const public_key> recipients, size_t blocks, cipher_suite suite) {
  seeded_random random(seed);
  auto sealer = file_sealer::make(recipients, random, file_id, {}, suite);
  EXPECT_TRUE(sealer) << sealer.failure().text;
  sealed_file f;
  f.envelope.assign(sealer->envelope().begin(), sealer->envelope().end());
  for (size_t n = 0; n < blocks; ++n) {
    block b{n, n + 1 == blocks, random.data(random.below(80)), {}};
    for (size_t i = 0, c = 1 + random.below(3); i < c; ++i)
      b.payloads.push_back(random.data(tag_size + random.below(random.below(4) == 0 ? 5000 : 40)));
    const uint32_t chain = sealer->chain();
    for (int i = 0; i < 4; ++i) b.header.push_back(static_cast<uint8_t>(chain >> (8 * i)));
    f.plain.push_back(b);
    std::vector<std::span<uint8_t>> parts(b.payloads.begin(), b.payloads.end());
    EXPECT_TRUE(sealer->seal(b.number, b.header, parts, b.last));
    f.sealed.push_back(std::move(b));
  }
  return f;
}

bool opens(file_opener& opener, const block& b, size_t payload, const std::vector<uint8_t>& plain) {
  auto data = b.payloads[payload];
  const error failure = opener.open({b.number, static_cast<uint8_t>(payload), b.last}, b.header, data);
  if (failure.status != THARSIS_OK) {
    EXPECT_TRUE(std::all_of(data.begin(), data.end(), [](uint8_t c) { return c == 0; })) << "nothing unproven is handed out";
    return false;
  }
  return std::equal(data.begin(), data.end() - tag_size, plain.begin());
}

void flip(std::vector<uint8_t>& data, size_t bit) { data[bit / 8] = static_cast<uint8_t>(data[bit / 8] ^ (1u << (bit % 8))); }

// Without a key.
std::vector<std::string> missing_in(const sealed_file& f) {
  std::vector<std::string> found;
  frame_chain chain(chain_of(byte_view(f.envelope).last(tag_size)));
  for (const block& b : f.sealed) {
    const uint32_t before = chain_of(byte_view(b.header).last(4));
    if (auto fault = chain.on_frame(b.number, before, chain_of(byte_view(b.payloads.back()).last(tag_size)), b.last))
      found.push_back(fault->text);
  }
  if (!chain.ended()) found.push_back("the last frame is missing");
  return found;
}

}  // namespace

TEST(XlogSeal, WhatIsSealedOpensInAnyOrder) {
  const private_key key = test_key(1);
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const sealed_file f = make_file(seed, {&key.open, 1}, 30, suites[seed % 2]);
    auto opener = file_opener::make(f.envelope, key);
    ASSERT_TRUE(opener) << opener.failure().text;
    EXPECT_EQ(opener->file(), file_id);
    EXPECT_TRUE(opener->envelope_intact());
    EXPECT_TRUE(missing_in(f).empty());
    for (size_t n = 0; n < f.sealed.size(); ++n)
      for (size_t i = 0; i < f.sealed[n].payloads.size(); ++i)
        ASSERT_TRUE(opens(*opener, f.sealed[n], i, f.plain[n].payloads[i])) << seed << " " << n;
    seeded_random random(seed);
    for (int times = 0; times < 30; ++times) {
      const size_t n = random.below(f.sealed.size()), i = random.below(f.sealed[n].payloads.size());
      ASSERT_TRUE(opens(*opener, f.sealed[n], i, f.plain[n].payloads[i])) << seed << " " << n;
    }
  }
}

TEST(XlogSeal, EachRecipientOpensAndNobodyElse) {
  const private_key keys[] = {test_key(1), test_key(2), test_key(3)}, stranger = test_key(4);
  const std::vector<public_key> recipients = {keys[0].open, keys[1].open, keys[2].open};
  const sealed_file f = make_file(1, recipients, 3, fastest_suite());
  EXPECT_EQ(f.envelope.size(), envelope_size(3));
  EXPECT_EQ(recipients_of(f.envelope), (std::vector<key_id>{keys[0].open.id(), keys[1].open.id(), keys[2].open.id()}));
  for (const private_key& key : keys) {
    auto opener = file_opener::make(f.envelope, key);
    ASSERT_TRUE(opener) << opener.failure().text;
    EXPECT_TRUE(opens(*opener, f.sealed[2], 0, f.plain[2].payloads[0]));
  }
  const auto refused = file_opener::make(f.envelope, stranger);
  EXPECT_EQ(refused.status(), THARSIS_E_DENIED);
  EXPECT_EQ(refused.failure().text,
            "sealed for " + key_id_text(keys[0].open.id()) + ", " + key_id_text(keys[1].open.id()) + ", " +
                key_id_text(keys[2].open.id()) + "; the key given is " + key_id_text(stranger.open.id()));
}

TEST(XlogSeal, EveryFlippedBitOfABlockIsFoundAndCostsThatPayloadOnly) {
  const private_key key = test_key(1);
  for (const cipher_suite suite : suites) {
    const sealed_file f = make_file(7, {&key.open, 1}, 4, suite);
    auto opener = file_opener::make(f.envelope, key);
    for (const block& whole : f.sealed) {
      for (size_t bit = 0; bit < std::min<size_t>(whole.payloads[0].size(), 200) * 8; ++bit) {
        block b = whole;
        flip(b.payloads[0], bit);
        ASSERT_FALSE(opens(*opener, b, 0, {})) << bit;
        if (b.payloads.size() < 2) continue;
        ASSERT_TRUE(opens(*opener, b, 1, f.plain[b.number].payloads[1]));
      }
      for (size_t bit = 0; bit < whole.header.size() * 8; ++bit) {
        block b = whole;
        flip(b.header, bit);
        ASSERT_FALSE(opens(*opener, b, 0, {})) << bit;
      }
      for (size_t size = 0; size < std::min<size_t>(whole.payloads[0].size(), 100); ++size) {
        block b = whole;
        b.payloads[0].resize(size);
        ASSERT_FALSE(opens(*opener, b, 0, {})) << size;
      }
    }
  }
}

TEST(XlogSeal, ABlockElsewhereOrTheLastOneThatIsNotDoesNotOpen) {
  const private_key key = test_key(1);
  const sealed_file f = make_file(3, {&key.open, 1}, 20, fastest_suite());
  const sealed_file other = make_file(4, {&key.open, 1}, 20, fastest_suite());
  auto opener = file_opener::make(f.envelope, key);
  for (size_t n = 0; n < f.sealed.size(); ++n) {
    block b = f.sealed[n];
    b.number = (n + 1) % 20;
    EXPECT_FALSE(opens(*opener, b, 0, {})) << "renumbered";
    b = f.sealed[n];
    b.last = !b.last;
    EXPECT_FALSE(opens(*opener, b, 0, {})) << "the end moved";
    EXPECT_FALSE(opens(*opener, other.sealed[n], 0, {})) << "of another file";
    if (f.sealed[n].payloads.size() < 2) continue;
    b = f.sealed[n];
    std::swap(b.payloads[0], b.payloads[1]);
    EXPECT_FALSE(opens(*opener, b, 0, {}) || opens(*opener, b, 1, {})) << "payloads in the wrong order";
  }
  std::vector<uint8_t> data(100);
  EXPECT_EQ(opener->open({key_tree::keys_count, 0, false}, {}, data).text,
            "block 4294967296 has a number that no block can have");
  EXPECT_EQ(opener->open({~uint64_t{0}, 0, false}, {}, data).status, THARSIS_E_PROTOCOL);
}

TEST(XlogSeal, WhatIsMissingShowsWithoutAKey) {
  const private_key key = test_key(1);
  const sealed_file whole = make_file(5, {&key.open, 1}, 10, fastest_suite());
  for (size_t n = 0; n < 9; ++n) {
    sealed_file f = whole;
    f.sealed.erase(f.sealed.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_EQ(missing_in(f), std::vector<std::string>{"frame " + std::to_string(n) + " is missing"});
    f = whole;
    f.sealed[n] = make_file(6, {&key.open, 1}, 10, fastest_suite()).sealed[n];
    EXPECT_FALSE(missing_in(f).empty()) << "replaced " << n;
  }
  sealed_file f = whole;
  f.sealed.pop_back();
  EXPECT_EQ(missing_in(f).size(), 1u);
  f = whole;
  f.envelope = make_file(6, {&key.open, 1}, 10, fastest_suite()).envelope;
  EXPECT_EQ(missing_in(f), std::vector<std::string>{"frame 0 belongs to a file with another head"});
}

TEST(XlogSeal, EveryFlippedBitOfTheEnvelopeIsFound) {
  const private_key first = test_key(1), second = test_key(2);
  const std::vector<public_key> recipients = {first.open, second.open};
  const sealed_file f = make_file(1, recipients, 2, fastest_suite());
  const size_t first_part = 52, second_part = 108;
  for (size_t bit = 0; bit < f.envelope.size() * 8; ++bit) {
    auto altered = f.envelope;
    flip(altered, bit);
    auto opener = file_opener::make(altered, first);
    const size_t at = bit / 8;
    if (at < second_part) {
      ASSERT_FALSE(opener) << bit;
      const bool is_id = at >= first_part && at < first_part + 8;
      ASSERT_EQ(opener.status() == THARSIS_E_DENIED, is_id) << opener.failure().text;
    } else {  // Not ours: it opens all the same, and says so.
      ASSERT_TRUE(opener) << bit;
      ASSERT_FALSE(opener->envelope_intact()) << bit;
      ASSERT_TRUE(opens(*opener, f.sealed[0], 0, f.plain[0].payloads[0]));
    }
  }
  for (size_t size = 0; size < f.envelope.size(); ++size) {
    const auto cut = file_opener::make(byte_view(f.envelope).first(size), first);
    ASSERT_EQ(cut.status(), THARSIS_E_PROTOCOL) << size;
    ASSERT_TRUE(recipients_of(byte_view(f.envelope).first(size)).empty());
  }
}

TEST(XlogSeal, ARingsEnvelopeDoesNotOpenAFile) {
  const private_key key = test_key(1);
  seeded_random random(1);
  const auto ring = make_keystream({&key.open, 1}, random, file_id);
  ASSERT_TRUE(ring);
  EXPECT_TRUE(unwrap_keystream(ring->wrapped, key));
  EXPECT_FALSE(file_opener::make(ring->wrapped, key));
  EXPECT_FALSE(unwrap_keystream(make_file(1, {&key.open, 1}, 1, fastest_suite()).envelope, key));
}

TEST(XlogSeal, TheSealerRefusesToSealTwiceOrBehindTheEnd) {
  const private_key key = test_key(1);
  seeded_random random(1);
  auto sealer = file_sealer::make({&key.open, 1}, random, file_id);
  const auto seal = [&](uint64_t number, size_t size, bool last = false) {
    std::vector<uint8_t> data(size, 'x');
    const std::span<uint8_t> part(data);
    const bool sealed = sealer->seal(number, {}, {&part, 1}, last);
    EXPECT_TRUE(size == 0 || data[0] != 'x') << "nothing in the clear is left";
    return sealed;
  };
  EXPECT_TRUE(seal(3, 40));
  EXPECT_FALSE(seal(3, 40));
  EXPECT_FALSE(seal(2, 40));
  EXPECT_FALSE(seal(4, tag_size - 1)) << "no room for a tag";
  EXPECT_FALSE(sealer->seal(5, {}, {}));
  EXPECT_TRUE(seal(6, tag_size, true));
  EXPECT_FALSE(seal(7, 40));
}

TEST(XlogSeal, RecipientsAreOneTo32AndNotWeak) {
  seeded_random random(1);
  EXPECT_EQ(file_sealer::make({}, random, file_id).status(), THARSIS_E_INVALID);
  std::vector<public_key> many(recipients_max, test_key(1).open);
  EXPECT_TRUE(file_sealer::make(many, random, file_id));
  many.push_back(many[0]);
  EXPECT_EQ(file_sealer::make(many, random, file_id).status(), THARSIS_E_INVALID);
  const public_key weak{};
  EXPECT_EQ(file_sealer::make({&weak, 1}, random, file_id).status(), THARSIS_E_INVALID);
}

#if defined(__linux__) && !defined(THARSIS_SANITIZED)
namespace {

// How often 32 bytes stand in the heap or on the stack. They are given with every bit turned, so that they
// are not found where they are looked for.
size_t times_in_memory(const key_bytes& turned) {
  std::ifstream maps("/proc/self/maps");
  size_t found = 0;
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with("[heap]") && !line.ends_with("[stack]")) continue;
    const size_t dash = line.find('-');
    const auto* at = reinterpret_cast<const uint8_t*>(std::stoull(line.substr(0, dash), nullptr, 16));
    const auto* end = reinterpret_cast<const uint8_t*>(std::stoull(line.substr(dash + 1), nullptr, 16));
    for (; at + key_size <= end; ++at) {
      size_t same = 0;
      while (same < key_size && at[same] == static_cast<uint8_t>(~turned[same])) ++same;
      found += same == key_size ? 1 : 0;
    }
  }
  return found;
}

key_bytes turned(const secret& key) {
  key_bytes bits;
  for (size_t i = 0; i < key_size; ++i) bits[i] = static_cast<uint8_t>(~key.open()[i]);
  return bits;
}

}  // namespace

// Goal: who takes the process' memory after block n finds no key of a block up to n. Method: the keys are made
// again from the root, and looked for.
TEST(XlogSeal, NoKeyOfASealedBlockIsLeftInMemory) {
  const private_key key = test_key(1);
  const key_bytes control = turned(key.scalar);
  EXPECT_GE(times_in_memory(control), 1u) << "looking finds what is there";
  for (const cipher_suite suite : suites) {
    seeded_random random(1);
    auto sealer = file_sealer::make({&key.open, 1}, random, file_id, {}, suite);
    std::vector<key_bytes> keys;
    {
      const auto opened = open_envelope("file", sealer->envelope(), key);
      ASSERT_TRUE(opened);
      keys.push_back(turned(opened->inside.key));
      const secret root = hkdf_sha256(file_id, opened->inside.key.open(), as_bytes("tharsis xlog blocks 1"));
      keys.push_back(turned(root));
      key_tree tree(root);
      for (uint64_t n = 0; n < 20; ++n) keys.push_back(turned(*tree.take(n)));
    }
    for (uint64_t n = 0; n < 20; ++n) {
      std::vector<uint8_t> data(1000);
      const std::span<uint8_t> part(data);
      ASSERT_TRUE(sealer->seal(n, {}, {&part, 1}));
    }
    for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(times_in_memory(keys[i]), 0u) << i;
  }
}
#endif

// Two files of one program with the same content have no byte of it in common, and none of the text.
TEST(XlogSeal, NothingOfTheTextShows) {
  const private_key key = test_key(1);
  seeded_random random(1);
  const std::string_view text = "user 4711 sent 'hello' to 4712";
  std::vector<std::vector<uint8_t>> outputs;
  for (const cipher_suite suite : suites)
    for (int file = 0; file < 2; ++file) {
      auto sealer = file_sealer::make({&key.open, 1}, random, file_id, {}, suite);
      for (uint64_t n = 0; n < 3; ++n) {
        std::vector<uint8_t> data;
        while (data.size() < 1000) data.insert(data.end(), text.begin(), text.end());
        data.resize(data.size() + tag_size);
        const std::span<uint8_t> part(data);
        ASSERT_TRUE(sealer->seal(n, {}, {&part, 1}));
        outputs.push_back(std::move(data));
      }
    }
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (size_t at = 0; at + 4 <= text.size(); ++at)
      EXPECT_EQ(as_text(outputs[i]).find(text.substr(at, 4)), std::string::npos);
    for (size_t j = 0; j < i; ++j)
      for (size_t at = 0; at + 8 <= 1000; at += 8)
        ASSERT_FALSE(std::equal(outputs[i].begin() + static_cast<std::ptrdiff_t>(at),
                                outputs[i].begin() + static_cast<std::ptrdiff_t>(at + 8),
                                outputs[j].begin() + static_cast<std::ptrdiff_t>(at)));
  }
}
