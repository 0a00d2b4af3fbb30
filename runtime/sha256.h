// SHA-256, for lock files.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's.

namespace tharsis::runtime {

class sha256_sum {
 public:
  sha256_sum();
  void add(const void* bytes, size_t size);
  // 64 hexadecimal digits; empty when OpenSSL failed. Nothing may be added behind it.
  std::string hex();

 private:
  struct free_context {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, free_context> context_;
  bool good_;
};

std::string sha256_of(std::string_view text);

}  // namespace tharsis::runtime
