// Goal: a radio that a person or a key has switched off is known as such, and no other. Method: files as the kernel shows them in /sys/class.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/os_network_linux.h"

using tharsis::runtime::is_radio_off;
namespace fs = std::filesystem;

namespace {

class RadioSwitch : public testing::Test {
 protected:
  RadioSwitch() { fs::create_directories(classes_ + "/rfkill"); }
  ~RadioSwitch() override { fs::remove_all(classes_); }

  void write(const std::string& path, const std::string& text) {
    const fs::path whole = classes_ + "/" + path;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole) << text << "\n";
  }
  void radio(const std::string& number, const std::string& type, const std::string& name, bool soft, bool hard) {
    const std::string folder = "rfkill/rfkill" + number + "/";
    write(folder + "type", type), write(folder + "name", name), write(folder + "soft", soft ? "1" : "0"), write(folder + "hard", hard ? "1" : "0");
  }
  void card(const std::string& interface, const std::string& phy) { write("net/" + interface + "/phy80211/name", phy); }
  bool off(const std::string& interface, uint32_t type = THARSIS_NETWORK_WIFI) const { return is_radio_off(interface, type, classes_); }

  const std::string classes_ = testing::TempDir() + "tharsis.radio." + std::to_string(::getpid());
};

}  // namespace

TEST_F(RadioSwitch, WhereTheKernelHasNoneNothingIsOff) {
  EXPECT_FALSE(off("wlan0"));
  EXPECT_FALSE(is_radio_off("wlan0", THARSIS_NETWORK_WIFI, "/nowhere"));
}

TEST_F(RadioSwitch, APersonOrAKeyMaySwitchIt) {
  card("wlan0", "phy0");
  for (const bool soft : {false, true})
    for (const bool hard : {false, true}) {
      radio("1", "wlan", "phy0", soft, hard);
      EXPECT_EQ(off("wlan0"), soft || hard) << soft << hard;
    }
}

TEST_F(RadioSwitch, ACardsOwnSwitchDecidesAndElseAllOfItsKind) {
  card("wlan0", "phy0");
  radio("0", "wlan", "a key of the machine", true, false);
  radio("1", "wlan", "phy0", false, false);
  radio("2", "bluetooth", "hci0", true, false);
  EXPECT_FALSE(off("wlan0"));
  EXPECT_FALSE(off("wlan1")) << "one of the two is on";
  radio("1", "wlan", "phy0", true, false);
  EXPECT_TRUE(off("wlan0"));
  EXPECT_TRUE(off("wlan1"));
  EXPECT_FALSE(off("wwan0", THARSIS_NETWORK_CELLULAR)) << "nothing is said of its kind";
  radio("3", "wwan", "modem", false, true);
  EXPECT_TRUE(off("wwan0", THARSIS_NETWORK_CELLULAR));
  EXPECT_FALSE(off("eth0", THARSIS_NETWORK_WIRED)) << "a wire has no radio";
}
