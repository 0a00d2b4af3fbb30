#include "plugins/dns/table_command.h"

#include <optional>
#include <vector>

#include "plugins/dns/read_table_keys.h"
#include "plugins/dns/table_source.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/address.h"
#include "sdk/pure/json.h"
#include "sdk/pure/option_values.h"
#include "sdk/pure/utc.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view keygen_help =
    "usage: tharsis dns keygen OUT\n"
    "Makes a pair of keys for tables that only their owner can change:\n"
    "  OUT.pub  the public key, for the profile of every client: dns: { table: { keys: [OUT.pub] } }\n"
    "  OUT      the private key, for tharsis dns sign-table --key OUT. Keep it away from clients and servers.\n"
    "Files that exist are not overwritten.";
constexpr std::string_view sign_help =
    "usage: tharsis dns sign-table SOURCE --key FILE [-o OUT]\n"
    "Signs the table that SOURCE describes; without -o it is printed. SOURCE is YAML:\n"
    "  serial: 42                # has to grow; without one: the time, in seconds\n"
    "  not_before: 2026-11-26    # without one: now\n"
    "  valid: 30d                # or not_after: 2026-12-26\n"
    "  ttl: 10m\n"
    "  names:\n"
    "    im.example.com:\n"
    "      ttl: 5m\n"
    "      addresses:\n"
    "        - { ip: 192.0.2.1, port: 443, weight: 3, region: eu }\n"
    "        - { ip: \"2001:db8::1\" }\n"
    "exit code: 0 signed, 1 it could not be, 2 the command or SOURCE is wrong";
constexpr std::string_view verify_help =
    "usage: tharsis dns verify-table FILE --key PUB... [--json]\n"
    "Whether FILE was signed with one of these keys and is valid now, and what it says. PUB is a file of `tharsis dns keygen`.\n"
    "exit code: 0 it is good, 1 it is not, 2 the command is wrong";

struct key_files {
  std::string closed, open;
};

// Nothing: there is no such file, and one may be made. [may block]
std::string why_not_new(const tharsis_files* files, const std::string& path) {
  const auto file = file_reader::open(files, path);
  if (file.status() == THARSIS_E_NOT_FOUND) return {};
  return file ? path + " exists; a key that is lost cannot be made again, so nothing is overwritten: choose another name" : file.failure().text;
}

// Both files or none; an empty answer: done. Two at a time would leave the private key of one beside the public key of the other.
// [may block]
std::string write_keys(const tharsis_files* files, const std::string& path, key_files keys) {
  const std::string turn = path + ".lock";
  tharsis_handle lock = 0;
  tharsis_error why = no_error();
  if (const tharsis_status s = files->lock(files->self, text_of(turn), &lock, &why); s != THARSIS_OK)
    return s == THARSIS_E_IN_USE ? path + " is being made by another keygen right now; choose another name" : why.text;
  std::string failure = why_not_new(files, path);
  if (failure.empty()) failure = why_not_new(files, path + ".pub");
  if (failure.empty() && files->replace(files->self, text_of(path), bytes_of(as_bytes(keys.closed)), &why) != THARSIS_OK) failure = why.text;
  if (failure.empty() && files->replace(files->self, text_of(path + ".pub"), bytes_of(as_bytes(keys.open)), &why) != THARSIS_OK) {
    failure = why.text;
    files->remove(files->self, text_of(path), nullptr);
  }
  wipe_text(keys.closed);
  files->remove(files->self, text_of(turn), nullptr);
  files->close(files->self, lock);
  return failure;
}

// [may block]
result<table_signer> read_signer(const tharsis_files* files, const std::string& path) {
  auto text = read_secret(files, path, key_text_max, "a key");
  if (!text) return text.failure();
  auto signer = parse_table_signer(*text, path);
  wipe_text(*text);
  return signer;
}

struct table_and_keys {
  std::string table;
  std::vector<table_key> keys;
};
// [may block]
result<table_and_keys> read_signed(const tharsis_files* files, const std::string& path, const std::vector<std::string>& keys) {
  auto trusted = read_table_keys(files, keys);
  if (!trusted) return trusted.failure();
  table_and_keys all{{}, std::move(*trusted)};
  auto text = read_whole(files, path, address_table::text_max, "a table");
  if (!text) return text.failure();
  all.table = std::move(*text);
  return all;
}

std::string seconds_text(int64_t seconds) { return moment_text(seconds * 1'000'000'000).substr(0, 19) + "Z"; }

std::string text_of_table(const address_table& t) {
  std::string text = "serial " + std::to_string(t.serial) + ", signed with key " + t.signer + ", valid " + seconds_text(t.from) + " to " + seconds_text(t.until) + "\n";
  for (const auto& [name, e] : t.names) {
    text += name + ", for " + std::to_string(e.life) + " s:";
    for (const auto& p : e.places)
      text += "  " + place_text(p.at) + " (weight " + std::to_string(p.weight) + (p.region.empty() ? "" : ", " + p.region) + ")";
    text += "\n";
  }
  return text;
}

std::string json_of_table(const address_table& t) {
  json_object names;
  for (const auto& [name, e] : t.names) {
    std::string places;
    for (const auto& p : e.places)
      places += (places.empty() ? "" : ",") + json_object().add("address", ip_text(p.at)).add("port", p.at.port).add("weight", p.weight).add("region", p.region).text();
    names.add(name, json_object().add("ttl_s", e.life).add_raw("addresses", "[" + places + "]"));
  }
  return json_object().add("good", true).add("serial", t.serial).add("key", t.signer).add("not_before", t.from).add("not_after", t.until).add("names", names).text();
}

}  // namespace

void table_command::run(const command_call& call) { work_.spawn(work(call)); }

task<void> table_command::work(command_call call) {
  outcome o;
  if (call.name() == "keygen") o = co_await keygen(call);
  else if (call.name() == "sign-table") o = co_await sign(call);
  else o = co_await verify(call);
  o.is_result ? call.print(o.text) : call.complain(o.text);
  call.finish(o.code);
}

task<table_command::outcome> table_command::keygen(command_call call) {
  std::vector<std::string> names;
  option_words known("dns keygen");
  known.words("a file's name", names);
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) co_return complaint(2, wrong.text);
  if (known.help()) co_return outcome{0, std::string(keygen_help)};
  if (names.size() != 1 || names[0].empty()) co_return complaint(2, "dns keygen: name one file for the private key: tharsis dns keygen OUT");
  const auto signer = table_signer::make(*host_.random);
  if (!signer) co_return complaint(1, "dns keygen: the OpenSSL of this machine offers no Ed25519");
  const std::string path = call.absolute(names[0]);
  const auto write = [files = host_.files, path, by = *signer] {
    key_files keys{by.text(), table_key_text(by.open())};
    return write_keys(files, path, std::move(keys));
  };
  const auto failure = co_await blocking(place_, write);
  if (!failure || !failure->empty()) co_return complaint(1, "dns keygen: " + (failure ? *failure : std::string("the host has no thread free to write")));
  co_return outcome{0, "key " + signer->open().id() + "\n  " + names[0] + "      the private key: keep it away from clients\n  " + names[0] +
                           ".pub  the public key: dns: { table: { keys: [" + path + ".pub] } }"};
}

task<table_command::outcome> table_command::sign(command_call call) {
  std::string key, out;
  std::vector<std::string> names;
  option_words known("dns sign-table");
  known.words("a table's file", names);
  known.value("--key", take_file(key)).value("-o", take_file(out)).value("--out", take_file(out));
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) co_return complaint(2, wrong.text);
  if (known.help()) co_return outcome{0, std::string(sign_help)};
  if (names.size() != 1 || names[0] != call.words()[0])
    co_return complaint(2, "dns sign-table: name one file right behind the command: tharsis dns sign-table SOURCE --key FILE");
  if (key.empty()) co_return complaint(2, "dns sign-table: --key FILE is missing: the private key; tharsis dns keygen FILE makes one");
  const auto table = read_table_source(host_, place_.wall());
  if (!table) co_return complaint(2, "dns sign-table: " + table.failure().text);
  const std::string path = call.absolute(key), target = out.empty() ? out : call.absolute(out);
  const auto write = [files = host_.files, path, target, t = *table]() -> result<std::string> {
    const auto signer = read_signer(files, path);
    if (!signer) return signer.failure();
    auto text = write_table(t, *signer);
    tharsis_error why = no_error();
    if (text && !target.empty() && files->replace(files->self, text_of(target), bytes_of(as_bytes(*text)), &why) != THARSIS_OK)
      return error{THARSIS_E_IO, why.text};
    return text;
  };
  auto done = co_await blocking(place_, write);
  if (!done) co_return complaint(1, "dns sign-table: the host has no thread free to read the key");
  if (!*done) co_return complaint(1, "dns sign-table: " + done->failure().text);
  if (out.empty()) co_return outcome{0, std::move(**done)};
  co_return outcome{0, out + ": serial " + std::to_string(table->serial) + ", " + std::to_string(table->names.size()) + " names, valid until " + seconds_text(table->until)};
}

task<table_command::outcome> table_command::verify(command_call call) {
  std::vector<std::string> names, keys;
  bool json = false;
  option_words known("dns verify-table");
  known.words("a table's file", names);
  known.flag("--json", json);
  known.value("--key", [&](const std::string& k) { return keys.push_back(call.absolute(k)), std::string(); });
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) co_return complaint(2, wrong.text);
  if (known.help()) co_return outcome{0, std::string(verify_help)};
  if (names.size() != 1) co_return complaint(2, "dns verify-table: name one table: tharsis dns verify-table FILE --key PUB");
  if (keys.empty()) co_return complaint(2, "dns verify-table: --key PUB is missing: whose signature would be good?");
  const std::string path = call.absolute(names[0]);
  const auto read = [files = host_.files, path, keys] { return read_signed(files, path, keys); };
  const auto all = co_await blocking(place_, read);
  const auto bad = [json](const error& why) { return outcome{1, json ? json_object().add("good", false).add("reason", why.text).text() : why.text, json}; };
  if (!all) co_return complaint(1, "dns verify-table: the host has no thread free to read");
  if (!*all) co_return bad(all->failure());
  const auto table = read_table((*all)->table, (*all)->keys, names[0]);
  if (!table) co_return bad(table.failure());
  if (const error old = out_of_time(*table, place_.wall() / 1'000'000'000, names[0]); old.status != THARSIS_OK) co_return bad(old);
  co_return outcome{0, json ? json_of_table(*table) : text_of_table(*table)};
}

}  // namespace tharsis::dns
