#include "plugins/dns/core/httpdns.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

server tencent() {
  server s = *parse_server("tencent://192.0.2.53?token=/etc/token#dns.test");
  s.key = "331960782";
  return s;
}
server aliyun(const std::string& secret = {}) {
  server s = *parse_server("aliyun://192.0.2.53/139450#dns.test");
  s.key = secret;
  return s;
}

std::string told(const findings& f) {
  if (f.what == findings::kind::failed) return "failed: " + f.why;
  std::string all = f.what == findings::kind::found ? "found" : "none";
  for (const auto& a : f.addresses) all += " " + ip_text(a);
  return all + " " + std::to_string(f.life);
}
std::string of_tencent(std::string_view body, uint16_t kind = type::a) { return told(read_httpdns(tencent(), "im.example.com", kind, body)); }
std::string of_aliyun(std::string_view body, uint16_t kind = type::a) { return told(read_httpdns(aliyun(), "im.example.com", kind, body)); }

}  // namespace

TEST(HttpDns, AsksAsTheVendorsPublishIt) {
  EXPECT_EQ(*httpdns_target(tencent(), "im.example.com", type::a, 0), "/d?dn=im.example.com&token=331960782&ttl=1&type=a");
  EXPECT_EQ(*httpdns_target(tencent(), "im.example.com", type::aaaa, 0), "/d?dn=im.example.com&token=331960782&ttl=1&type=aaaa");
  EXPECT_EQ(*httpdns_target(aliyun(), "im.example.com", type::a, 0), "/139450/d?host=im.example.com&query=4");
  // echo -n www.aliyun.com-IAmASecret-1534316400 | md5sum
  EXPECT_EQ(*httpdns_target(aliyun("IAmASecret"), "www.aliyun.com", type::aaaa, 1'534'316'400 - 1800),
            "/139450/sign_d?host=www.aliyun.com&query=6&t=1534316400&s=60c71e98b6d7fcbb366243e224eab457");
}

TEST(HttpDns, TencentsListIsRead) {
  EXPECT_EQ(of_tencent("192.0.2.1;192.0.2.2,300"), "found 192.0.2.1 192.0.2.2 300");
  EXPECT_EQ(of_tencent("192.0.2.1;192.0.2.1,300\n"), "found 192.0.2.1 300");
  EXPECT_EQ(of_tencent("2001:db8::1,60", type::aaaa), "found 2001:db8::1 60");
  EXPECT_EQ(of_tencent(""), "none 0");
  for (const char* bad : {"192.0.2.1", "192.0.2.1,", "192.0.2.1,-1", "192.0.2.1,99999999999", "192.0.2.1;;192.0.2.2,60", "<html>,3", "no permission", "192.0.2.1;evil,60", "2001:db8::1,60", "127.1,60", "0"})
    EXPECT_EQ(of_tencent(bad).substr(0, 6), "failed") << bad;
}

TEST(HttpDns, AliyunsObjectIsRead) {
  EXPECT_EQ(of_aliyun(R"({"host":"im.example.com","client_ip":"192.0.2.200","ips":["192.0.2.1","192.0.2.2"],"ttl":57,"origin_ttl":120})"), "found 192.0.2.1 192.0.2.2 57");
  EXPECT_EQ(of_aliyun(R"({"host":"im.example.com","ips":[],"ipsv6":["2001:db8::1"],"ttl":60})", type::aaaa), "found 2001:db8::1 60");
  EXPECT_EQ(of_aliyun(R"({"host":"im.example.com","ips":[],"ttl":60})"), "none 60");
  for (const char* bad : {"", "[]", "{", "{}", R"({"code":"InvalidHost"})", R"({"host":"other.example.com","ips":["192.0.2.1"],"ttl":60})", R"({"ips":"192.0.2.1","ttl":60})",
                          R"({"ips":["evil"],"ttl":60})", R"({"ips":[1],"ttl":60})", R"({"ips":["192.0.2.1"],"ttl":-1})", R"({"ips":["192.0.2.1"],"ttl":1.5})", R"({"ips":["192.0.2.1"],"ttl":"60"})",
                          R"({"ips":["2001:db8::1"],"ttl":60})"})
    EXPECT_EQ(of_aliyun(bad).substr(0, 6), "failed") << bad;
}

TEST(HttpDns, NoMoreAddressesThanAnybodyTries) {
  std::string many, list;
  for (int i = 0; i < 250; ++i) many += (i > 0 ? ";" : "") + ("192.0.2." + std::to_string(i)), list += (i > 0 ? "," : "") + ("\"192.0.2." + std::to_string(i) + "\"");
  EXPECT_EQ(read_httpdns(tencent(), "a.example", type::a, many + ",60").addresses.size(), found_max);
  EXPECT_EQ(read_httpdns(aliyun(), "a.example", type::a, R"({"ips":[)" + list + R"(],"ttl":60})").addresses.size(), found_max);
}

TEST(HttpDns, AKeyIsAWord) {
  EXPECT_TRUE(is_httpdns_key("331960782"));
  for (const char* bad : {"", "a b", "a&token=b", "a\nb", "a%20"}) EXPECT_FALSE(is_httpdns_key(bad)) << bad;
  EXPECT_FALSE(is_httpdns_key(std::string(129, 'a')));
}
