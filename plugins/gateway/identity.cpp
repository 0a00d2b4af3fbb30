#include "plugins/gateway/identity.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "sdk/async/certificates.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {

constexpr uint64_t file_size_max = 1 << 20;
// A certificate that ends sooner is made anew: it should outlive the run it was made for.
constexpr int64_t left_min = 24 * 3600;

bool is_valid(const certificate_facts& facts, int64_t now) {
  return facts.not_before <= now && facts.not_after > now + left_min;
}

// The names as a certificate tells them: addresses in their short form, each once.
std::vector<std::string> sorted(std::vector<std::string> names) {
  for (std::string& name : names)
    if (const auto address = parse_ip(name)) name = ip_text(*address);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

tharsis_status write_file(const tharsis_files& files, const std::string& path, const std::string& content,
                          tharsis_error* reason) {
  return files.replace(files.self, text_of(path), bytes_of(as_bytes(content)), reason);
}

// Each authority has a name of its own, so that a certificate tells whether it comes from this one.
std::string authority_name(const tharsis_random& random) {
  uint8_t bytes[4];
  random.fill(random.self, bytes, sizeof bytes);
  char name[64];
  std::snprintf(name, sizeof name, "Tharsis gateway authority %02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
                bytes[3]);
  return name;
}

result<std::string> read_pem(const tharsis_files& files, const std::string& path) {
  return read_whole(&files, path, file_size_max, "a certificate or a key");
}

std::optional<identity> stored_authority(const tharsis_files& files, const identity_wish& wish) {
  const auto certificate = read_pem(files, wish.folder + "/ca.pem");
  const auto key = read_pem(files, wish.folder + "/ca-key.pem");
  if (!certificate || !key) return std::nullopt;
  const auto facts = read_certificate(*certificate);
  if (!facts || !facts->authority || !is_valid(*facts, wish.wall_seconds)) return std::nullopt;
  return identity{*certificate, *key};
}

std::optional<std::string> stored_server(const tharsis_files& files, const identity_wish& wish,
                                         const identity& authority) {
  const auto both = read_pem(files, wish.folder + "/server.pem");
  const auto issuer = read_certificate(authority.certificate_pem);
  if (!both || !issuer) return std::nullopt;
  const auto facts = read_certificate(*both);
  if (!facts || facts->issuer != issuer->subject || !is_valid(*facts, wish.wall_seconds)) return std::nullopt;
  if (sorted(facts->names) != sorted(wish.names)) return std::nullopt;
  if (!tls_context::server({*both, *both})) return std::nullopt;
  return *both;
}

// A stored authority that cannot issue (its key belongs to another) is as good as none.
result<identity> issue(const tharsis_files& files, const tharsis_random& random, const identity_wish& wish,
                       std::optional<identity>& authority) {
  if (authority) {
    auto issued = issue_server_certificate(random, *authority, wish.names, wish.wall_seconds, wish.days);
    if (issued) return issued;
  }
  auto made = make_authority(random, authority_name(random), wish.wall_seconds, wish.days);
  if (!made) return made.failure();
  authority = *made;
  auto issued = issue_server_certificate(random, *authority, wish.names, wish.wall_seconds, wish.days);
  if (!issued) return issued.failure();
  tharsis_error reason = no_error();
  for (const auto& [name, content] : {std::pair("/ca-key.pem", authority->private_key_pem),
                                      std::pair("/ca.pem", authority->certificate_pem)}) {
    const tharsis_status status = write_file(files, wish.folder + name, content, &reason);
    if (status != THARSIS_OK) return error_from(status, reason);
  }
  return issued;
}

}  // namespace

result<server_identity> load_or_make_identity(const tharsis_files& files, const tharsis_random& random,
                                              identity_wish wish) {
  tharsis_error reason = no_error();
  if (const auto s = files.make_folder(files.self, text_of(wish.folder), &reason); s != THARSIS_OK)
    return error_from(s, reason);
  std::optional<identity> authority = stored_authority(files, wish);
  if (authority) {
    if (const auto both = stored_server(files, wish, *authority)) return server_identity{{*both, *both}, false};
  }
  const auto issued = issue(files, random, wish, authority);
  if (!issued) return issued.failure();
  const std::string both = issued->certificate_pem + issued->private_key_pem;
  if (const auto s = write_file(files, wish.folder + "/server.pem", both, &reason); s != THARSIS_OK)
    return error_from(s, reason);
  return server_identity{{both, both}, true};
}

}  // namespace tharsis::gateway
