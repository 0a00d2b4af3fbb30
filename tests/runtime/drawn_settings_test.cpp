// What the bench for plugins is made of: settings drawn from a schema, and the symbols of a library.
#include "runtime/simulation/drawn_settings.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/manifest.h"
#include "runtime/os_profile_files.h"
#include "runtime/setting_value.h"
#include "runtime/simulation/exported_symbols.h"

using namespace tharsis;
using namespace tharsis::runtime;

TEST(DrawnSettings, FitTheSchemaOfEachOfOurPlugins) {
  int drawn = 0, fitting = 0;
  for (const std::string& plugin : list_folders("plugins")) {
    const found_plugin found = read_plugin_folder(absolute_path("plugins/" + plugin));
    if (!found.manifest) continue;
    for (const drawing how : {drawing::needed, drawing::least, drawing::most, drawing::any, drawing::nonsense})
      for (uint64_t seed = 1; seed <= 20; ++seed) {
        dice chance(seed);
        const std::string text = drawn_settings(found.manifest->settings, how, chance);
        diagnostics problems;
        const auto tree = parse_yaml(std::make_shared<source>(source{"drawn", text, source::kind::profile, {}}), problems);
        ASSERT_TRUE(tree && problems.empty()) << plugin << ", seed " << seed << ": " << text << render(problems);
        resolve({found.manifest->settings, &*tree, plugin, {}, nullptr}, problems);
        ++drawn;
        fitting += problems.empty() ? 1 : 0;
        EXPECT_TRUE(how == drawing::nonsense || problems.empty()) << plugin << ", seed " << seed << ": " << text << render(problems);
      }
  }
  EXPECT_GE(drawn, 500) << "the plugins were not found; run from the top of the repository";
  EXPECT_GT(fitting, drawn * 3 / 4) << "texts that mean nothing are mostly for the plugin to refuse, not for the schema";
}

TEST(DrawnSettings, AreTheSameForASeedAndNotForAnother) {
  const found_plugin found = read_plugin_folder(absolute_path("plugins/stn"));
  ASSERT_TRUE(found.manifest);
  const auto draw = [&](uint64_t seed) {
    dice chance(seed);
    return drawn_settings(found.manifest->settings, drawing::any, chance);
  };
  EXPECT_EQ(draw(3), draw(3));
  EXPECT_NE(draw(3), draw(4));
}

TEST(ExportedSymbols, OfBytesThatAreNoLibraryAreRefused) {
  for (const std::string& bytes : {std::string(), std::string("\x7f" "ELF"), std::string(200, '\0'), std::string(4096, 'x')}) EXPECT_FALSE(read_exported_symbols(bytes).ok());
}

// Wherever a library is cut, and whatever byte is another: nothing outside of it is read.
TEST(ExportedSymbols, OfABrokenLibraryAreNeverReadOutsideOfIt) {
  const auto whole = read_text_file("/proc/self/exe", 512 << 20);
  ASSERT_TRUE(whole.ok());
  EXPECT_TRUE(read_exported_symbols(*whole).ok());
  dice chance(1);
  std::string head = whole->substr(0, 1 << 16);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = head.substr(0, chance.below(head.size()));
    for (uint64_t k = chance.below(8); k > 0 && !bytes.empty(); --k) bytes[chance.below(std::min<uint64_t>(bytes.size(), 4096))] = static_cast<char>(chance.next());
    static_cast<void>(read_exported_symbols(bytes));
  }
}

// Goal: who reads a stranger's library takes no memory that the library does not have. Method: a thousand names that all begin at the
// beginning of one long text, which would be sixty megabytes.
TEST(ExportedSymbols, OfALibraryWhoseNamesAreManyTimesItsSizeAreRefused) {
  constexpr size_t symbols = 1000, text = 60'000, sections = 2;
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_shoff = sizeof head, head.e_shnum = sections, head.e_shentsize = sizeof(Elf64_Shdr);
  Elf64_Shdr table[sections]{};
  table[0].sh_type = SHT_DYNSYM, table[0].sh_link = 1, table[0].sh_offset = sizeof head + sizeof table, table[0].sh_size = symbols * sizeof(Elf64_Sym);
  table[1].sh_type = SHT_STRTAB, table[1].sh_offset = table[0].sh_offset + table[0].sh_size, table[1].sh_size = text;
  Elf64_Sym one{};
  one.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), one.st_shndx = 1;
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  bytes.append(reinterpret_cast<const char*>(table), sizeof table);
  for (size_t i = 0; i < symbols; ++i) bytes.append(reinterpret_cast<const char*>(&one), sizeof one);
  bytes.append(text, 'x');
  EXPECT_FALSE(read_exported_symbols(bytes).ok());
  bytes.resize(bytes.size() - text);
  bytes.append("name").append(text - 4, '\0');
  const auto few = read_exported_symbols(bytes);
  ASSERT_TRUE(few.ok()) << few.failure().text;
  EXPECT_EQ(few->exported, std::vector<std::string>(symbols, "name"));
}
