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

}  // namespace

result<exported_symbols> read_exported_symbols(std::string_view library) {
  const auto header = read_at<Elf64_Ehdr>(library, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_shentsize != sizeof(Elf64_Shdr))
    return broken();
  const auto section = [&](uint64_t number) { return read_at<Elf64_Shdr>(library, header->e_shoff + number * sizeof(Elf64_Shdr)); };
  exported_symbols found;
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    const auto symbols = section(i);
    if (!symbols) return broken();
    if (symbols->sh_type != SHT_DYNSYM) continue;
    const auto names = section(symbols->sh_link);
    if (!names || symbols->sh_size > library.size()) return broken();
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols->sh_size; at += sizeof(Elf64_Sym)) {
      const auto symbol = read_at<Elf64_Sym>(library, symbols->sh_offset + at);
      if (!symbol) return broken();
      sort_in(found, *symbol, name_at(library, *names, symbol->st_name));
    }
  }
  for (auto* list : {&found.exported, &found.unique, &found.needed}) std::sort(list->begin(), list->end());
  return found;
}

}  // namespace tharsis::runtime
