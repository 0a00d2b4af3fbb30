// Names of addresses. A plugin exports one symbol only, so what the loader knows is not enough: the
// names of all others are read from the library's file, if it has them and is still the one that is
// mapped.
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "runtime/os_stack.h"

namespace tharsis::runtime {
namespace {

// A file's content, mapped for reading; empty where it cannot be.
class mapped_file {
 public:
  explicit mapped_file(const char* path) {
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    struct stat facts {};
    if (fstat(descriptor, &facts) == 0 && facts.st_size > 0) {
      void* const at = mmap(nullptr, static_cast<size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
      if (at != MAP_FAILED) content_ = {static_cast<const char*>(at), static_cast<size_t>(facts.st_size)};
    }
    close(descriptor);
  }
  ~mapped_file() {
    if (!content_.empty()) munmap(const_cast<char*>(content_.data()), content_.size());
  }
  mapped_file(const mapped_file&) = delete;

  std::string_view content() const { return content_; }
  // `count` objects at an offset, or null where they would not fit.
  template <class T>
  const T* at(size_t offset, size_t count = 1) const {
    if (offset > content_.size() || count > (content_.size() - offset) / sizeof(T) || offset % alignof(T) != 0) return nullptr;
    return reinterpret_cast<const T*>(content_.data() + offset);
  }

 private:
  std::string_view content_;
};

// The page that holds a library's build id is mapped as it lies in the file.
bool is_mapped_at(const mapped_file& file, const void* base) {
  constexpr size_t first_page = 4096;
  return file.content().size() >= first_page && std::memcmp(file.content().data(), base, first_page) == 0;
}

// Empty: the file has no table of symbols, or none of them is there.
std::string symbol_in(const mapped_file& file, ElfW(Addr) address) {
  const auto* const header = file.at<ElfW(Ehdr)>(0);
  if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return {};
  const auto* const sections = file.at<ElfW(Shdr)>(header->e_shoff, header->e_shnum);
  if (sections == nullptr) return {};
  for (const ElfW(Shdr)& s : std::basic_string_view<ElfW(Shdr)>(sections, header->e_shnum)) {
    if (s.sh_type != SHT_SYMTAB || s.sh_link >= header->e_shnum) continue;
    const size_t count = s.sh_size / sizeof(ElfW(Sym));
    const auto* const symbols = file.at<ElfW(Sym)>(s.sh_offset, count);
    const ElfW(Shdr)& names = sections[s.sh_link];
    const auto* const text = file.at<char>(names.sh_offset, names.sh_size);
    if (symbols == nullptr || text == nullptr) return {};
    const auto* const found = std::find_if(symbols, symbols + count, [&](const ElfW(Sym)& symbol) {
      return (symbol.st_info & 0xf) == STT_FUNC && address >= symbol.st_value && address < symbol.st_value + symbol.st_size;
    });
    if (found == symbols + count || found->st_name >= names.sh_size) return {};
    return {text + found->st_name, strnlen(text + found->st_name, names.sh_size - found->st_name)};
  }
  return {};
}

void remove_all(std::string& text, std::string_view what) {
  for (size_t at; (at = text.find(what)) != std::string::npos;) text.erase(at, what.size());
}

// A function's name alone tells a person what it is; arguments of functions and of templates take lines.
std::string without_arguments(std::string text) {
  remove_all(text, "(anonymous namespace)::");
  remove_all(text, "[abi:cxx11]");
  std::string name;
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '<') ++depth;
    if (depth == 0) name += c;
    if ((c == ')' || c == '>') && depth > 0) --depth;
  }
  if (name.ends_with("::_FUN")) name.resize(name.size() - 6);  // What a lambda is as a plain function.
  return name;
}

std::string readable(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? without_arguments(text.get()) : symbol;
}

// The loader knows the program itself by the word it was called with.
const char* path_of(const Dl_info& facts) {
  return facts.dli_fname != nullptr && facts.dli_fname[0] == '/' ? facts.dli_fname : "/proc/self/exe";
}

std::string hexadecimal(uintptr_t number) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

}  // namespace

std::string call_name(const void* code) {
  const auto address = reinterpret_cast<uintptr_t>(code);
  Dl_info facts{};
  if (code == nullptr || dladdr(code, &facts) == 0 || facts.dli_fname == nullptr) return hexadecimal(address);
  const std::string_view file = facts.dli_fname;
  const std::string where = " in " + std::string(file.substr(file.rfind('/') + 1));
  const mapped_file content(path_of(facts));
  const auto base = reinterpret_cast<uintptr_t>(facts.dli_fbase);
  std::string symbol;
  if (is_mapped_at(content, facts.dli_fbase)) {
    const bool fixed = content.at<ElfW(Ehdr)>(0)->e_type == ET_EXEC;
    symbol = symbol_in(content, fixed ? address : address - base);
  }
  if (symbol.empty() && facts.dli_sname != nullptr) symbol = facts.dli_sname;
  return (symbol.empty() ? hexadecimal(address - base) : readable(symbol)) + where;
}

std::string caller_name(const void* return_address) {
  return call_name(static_cast<const char*>(return_address) - 1);
}

std::string module_of(const void* code) {
  Dl_info facts{};
  return dladdr(code, &facts) != 0 && facts.dli_fname != nullptr ? facts.dli_fname : "";
}

}  // namespace tharsis::runtime
