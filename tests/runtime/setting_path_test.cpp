#include <gtest/gtest.h>

#include "runtime/setting_value.h"

using namespace tharsis::runtime;

namespace {

setting_value branch(std::string key, std::vector<setting_value> children = {}) {
  setting_value v;
  v.key = std::move(key);
  v.type = setting_type::map;
  v.children = std::move(children);
  return v;
}

std::string found(const setting_value& tree, std::string_view path) {
  const setting_value* const v = tree.find(path);
  return v == nullptr ? "nothing" : v->key;
}

}  // namespace

TEST(SettingPath, AKeyWithDotsIsFoundAndTheLongerKeyWinsWhereTwoFit) {
  const setting_value tree =
      branch("", {branch("pins", {branch("im", {branch("0")}), branch("im.example.com", {branch("1")})})});
  EXPECT_EQ(found(tree, "pins.im.example.com"), "im.example.com");
  EXPECT_EQ(found(tree, "pins.im.example.com.1"), "1");
  EXPECT_EQ(found(tree, "pins.im.0"), "0");
  EXPECT_EQ(found(tree, "pins.im.example"), "nothing");
  EXPECT_EQ(found(tree, "pins.im.example.comm"), "nothing");
  EXPECT_EQ(found(tree, "pins.im.example.com.1."), "nothing");
  EXPECT_EQ(found(tree, "pins."), "nothing");
  EXPECT_EQ(found(tree, ""), "");
}
