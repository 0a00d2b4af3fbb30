#include "runtime/load_order.h"

#include <gtest/gtest.h>

#include <random>

using namespace tharsis::runtime;

namespace {

plugin_manifest plugin(const std::string& id, const std::vector<std::string>& needs = {}, const std::vector<std::string>& wishes = {}) {
  plugin_manifest m;
  m.id = id;
  m.provided = {{"x." + id + "/1", {}}};
  for (const auto& n : needs) m.required.push_back({"x." + n + "/1", {}});
  for (const auto& w : wishes) m.wanted.push_back({"x." + w + "/1", {}});
  return m;
}

struct outcome {
  std::string order, messages;
};

outcome ordered(const std::vector<plugin_manifest>& plugins) {
  std::vector<const plugin_manifest*> list;
  for (const auto& p : plugins) list.push_back(&p);
  diagnostics problems;
  outcome out;
  for (const size_t i : load_order(list, list, problems)) out.order += (out.order.empty() ? "" : " ") + plugins[i].id;
  for (const diagnostic& d : problems.kept()) out.messages += (out.messages.empty() ? "" : "; ") + d.text;
  return out;
}

}  // namespace

TEST(LoadOrder, ProvidersComeFirstAndOtherwiseTheProfilesOrderStays) {
  EXPECT_EQ(ordered({plugin("c"), plugin("a", {"b"}), plugin("b")}).order, "c b a");
  EXPECT_EQ(ordered({plugin("d"), plugin("c"), plugin("b")}).order, "d c b");
}

TEST(LoadOrder, WishesCountWhereTheyCan) {
  EXPECT_EQ(ordered({plugin("a", {}, {"b"}), plugin("b")}).order, "b a");
  EXPECT_EQ(ordered({plugin("a", {}, {"nobody"})}).messages, "");
  // b requires a, so a's wish for b is bound late.
  const outcome knot = ordered({plugin("a", {}, {"b"}), plugin("b", {"a"})});
  EXPECT_EQ(knot.order, "a b");
  EXPECT_EQ(knot.messages, "");
  EXPECT_EQ(ordered({plugin("a", {}, {"b"}), plugin("b", {}, {"a"})}).messages, "");
}

TEST(LoadOrder, CirclesArePrintedOncePerKnot) {
  EXPECT_EQ(ordered({plugin("a", {"a"})}).messages, "these plugins require each other: a -> a");
  EXPECT_EQ(ordered({plugin("a", {"b"}), plugin("b", {"c"}), plugin("c", {"a"}), plugin("d", {"a"})}).messages,
            "these plugins require each other: a -> b -> c -> a");
  EXPECT_EQ(ordered({plugin("a", {"b"}), plugin("b", {"a"}), plugin("c", {"d"}), plugin("d", {"c"}), plugin("e")}).messages,
            "these plugins require each other: a -> b -> a; these plugins require each other: c -> d -> c");
  EXPECT_EQ(ordered({plugin("a", {"b"}), plugin("b", {"a"}), plugin("e")}).order, "e");
}

TEST(LoadOrder, RandomGraphsAreOrderedOrNamedACircle) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 dice(seed);
    const size_t n = 1 + dice() % 8;
    std::vector<plugin_manifest> plugins;
    for (size_t i = 0; i < n; ++i) {
      std::vector<std::string> needs, wishes;
      for (size_t j = 0; j < n; ++j) {
        if (dice() % 8 == 0) needs.push_back(std::string(1, static_cast<char>('a' + j)));
        if (dice() % 4 == 0) wishes.push_back(std::string(1, static_cast<char>('a' + j)));
      }
      plugins.push_back(plugin(std::string(1, static_cast<char>('a' + i)), needs, wishes));
    }
    const outcome out = ordered(plugins);
    const size_t placed = out.order.empty() ? 0 : (out.order.size() + 1) / 2;
    EXPECT_EQ(placed == n, out.messages.empty()) << "seed " << seed;
    for (const auto& p : plugins) {
      const size_t at = out.order.find(p.id);
      for (const auto& need : p.required)
        EXPECT_TRUE(at == std::string::npos || out.order.find(need.name[2]) < at) << "seed " << seed;
    }
  }
}

TEST(LoadOrder, APatternIsAWishForAllThatItFits) {
  EXPECT_EQ(ordered({plugin("a", {}, {"codec.*"}), plugin("codec.one"), plugin("codec.two"), plugin("other")}).order, "codec.one codec.two a other");
  EXPECT_EQ(ordered({plugin("a", {}, {"codec.*"}), plugin("codec.one", {"a"})}).order, "a codec.one");
}
