#include "runtime/simulation/exported_symbols.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace tharsis::runtime {
namespace {

error broken() { return {THARSIS_E_INVALID, "it is no whole ELF library of 64 bits"}; }

template <class T>
std::optional<T> read_at(std::string_view bytes, uint64_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return {};
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string name_at(std::string_view bytes, const Elf64_Shdr& names, uint32_t offset) {
  if (names.sh_offset > bytes.size() || offset >= names.sh_size || bytes.size() - names.sh_offset < names.sh_size) return {};
  const std::string_view rest = bytes.substr(names.sh_offset + offset, names.sh_size - offset);
  return std::string(rest.substr(0, rest.find('\0')));
}

void sort_in(exported_symbols& into, const Elf64_Sym& symbol, const std::string& name) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info), seen = ELF64_ST_VISIBILITY(symbol.st_other);
  if (name.empty() || binding == STB_LOCAL) return;
  if (symbol.st_shndx == SHN_UNDEF) return into.needed.push_back(name);
  if (seen == STV_HIDDEN || seen == STV_INTERNAL) return;
  into.exported.push_back(name);
  if (binding == STB_GNU_UNIQUE) into.unique.push_back(name);
}

// A library has one table. Names may share their ends, but those of a real one are never many times what it is itself.
result<exported_symbols> read_table(std::string_view library, const Elf64_Shdr& symbols, const Elf64_Shdr& names) {
  if (symbols.sh_size > library.size()) return broken();
  exported_symbols found;
  size_t bytes = 0;
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
    const auto symbol = read_at<Elf64_Sym>(library, symbols.sh_offset + at);
    if (!symbol) return broken();
    const std::string name = name_at(library, names, symbol->st_name);
    if ((bytes += name.size()) > 4 * library.size()) return broken();
    sort_in(found, *symbol, name);
  }
  for (auto* list : {&found.exported, &found.unique, &found.needed}) std::sort(list->begin(), list->end());
  return found;
}

}  // namespace

result<exported_symbols> read_exported_symbols(std::string_view library) {
  const auto header = read_at<Elf64_Ehdr>(library, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_shentsize != sizeof(Elf64_Shdr))
    return broken();
  const auto section = [&](uint64_t number) { return read_at<Elf64_Shdr>(library, header->e_shoff + number * sizeof(Elf64_Shdr)); };
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    const auto symbols = section(i);
    if (!symbols) return broken();
    if (symbols->sh_type == SHT_DYNSYM) {
      const auto names = section(symbols->sh_link);
      return names ? read_table(library, *symbols, *names) : broken();
    }
  }
  return exported_symbols{};
}

}  // namespace tharsis::runtime
