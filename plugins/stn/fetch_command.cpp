#include "plugins/stn/fetch_command.h"

#include <utility>

#include "plugins/stn/configuration.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/json.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

// Read whole, so that it can be sent again after a redirect.
constexpr uint64_t data_max = 256 << 20;
// So much is gathered before a thread that may block puts it into the file: piece by piece that cost ten times as long.
constexpr size_t file_piece = 1 << 20;

// A piece to the end of a file beside the one that is meant; over: it takes that one's place. [a thread that may block]
error put(const tharsis_files& files, const std::string& path, std::string_view piece, bool begins, bool over) {
  const std::string part = path + ".part";
  tharsis_error why = no_error();
  if (begins) files.remove(files.self, text_of(part), nullptr);
  tharsis_handle file = 0;
  tharsis_status status = files.open(files.self, text_of(part), THARSIS_FILES_APPEND, &file, &why);
  if (status == THARSIS_OK) {
    if (!piece.empty()) status = files.append(files.self, file, bytes_of(as_bytes(piece)), &why);
    files.close(files.self, file);
  }
  if (status == THARSIS_OK && over) status = files.rename(files.self, text_of(part), text_of(path), &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t n = utf8_size(bytes);
    if (n == 0 || bytes.front() == '\0') return false;
    bytes.remove_prefix(n);
  }
  return true;
}

std::string us_of(duration d) { return std::to_string(d.count() / 1000); }

}  // namespace

void fetch_command::run(const command_call& call) {
  call_ = call;
  auto line = parse_fetch_arguments(call.words());
  if (!line) return call_->refuse(line.failure().text);
  line_ = std::move(*line);
  if (line_.help) {
    call_->print(fetch_help);
    return call_->finish(0);
  }
  auto read = read_http(host_);
  if (!read) return call_->refuse(read.failure().text);
  settings_ = std::move(*read);
  if (!line_.ca.empty()) {
    settings_.tls.ca = call.absolute(line_.ca);
    settings_.tls.system_store = false;
  }
  if (line_.through) {
    settings_.proxy.from = proxy_settings::source::named;
    settings_.proxy.named = *line_.through;
  }
  settings_.plain_allowed = settings_.plain_allowed || line_.plain;
  if (line_.http1 || line_.http2) settings_.versions = {line_.http1, line_.http2};
  names_.emplace(place_, *host_.net, host_.registry);
  network_.emplace(*host_.network);
  paths_.emplace(place_, host_, *names_, asked_, std::string());
  network_->open([this](const tharsis_network_state& now) {
    proxies_.on_network(view(now.proxy), now.generation);
    names_->on_network(now);
    paths_->on_network(now);
  });
  dialler_.emplace(place_, host_, http_surroundings{*names_, proxies_, sessions_, *paths_, servers_}, settings_, "http");
  connections_.emplace(place_, dialler_->as_function(), settings_.pool, settings_.versions);
  work_.spawn(work());
}

http_ask fetch_command::ask() const {
  http_ask a;
  a.method = line_.method.value_or(line_.data || line_.data_file ? "POST" : "GET");
  a.to = line_.to;
  a.fields = line_.fields;
  a.body = data_;
  a.decode = !line_.raw;
  a.redirects = line_.redirect ? settings_.redirects : 0;
  a.inflated_max = static_cast<uint64_t>(settings_.inflated_max);
  if (line_.output.empty()) a.answer_max = static_cast<uint64_t>(settings_.answer_max);
  a.connect = settings_.connect_timeout;
  a.idle = settings_.idle_timeout;
  a.deadline = later(place_.now(), line_.timeout);
  return a;
}

task<void> fetch_command::work() {
  const error data = co_await read_data();
  if (data.status != THARSIS_OK) {
    call_->refuse("stn fetch: --data-file: " + data.text);
    co_return;
  }
  http_call talk(place_, *connections_, ask());
  const error end = co_await fetch(&talk);
  tell(talk, end);
  call_->finish(end.status == THARSIS_OK && head_->status < 400 ? 0 : 1);
}

task<error> fetch_command::read_data() {
  data_ = line_.data.value_or("");
  if (!line_.data_file) co_return fine();
  const tharsis_files* const files = host_.files;
  const auto read = [files, path = call_->absolute(*line_.data_file)] { return read_whole(files, path, data_max, "a request's body"); };
  auto text = co_await blocking(place_, read);
  if (!text) co_return error{THARSIS_E_BUSY, "the host has no thread free to read it"};
  if (!*text) co_return text->failure();
  data_ = std::move(**text);
  co_return fine();
}

task<error> fetch_command::fetch(http_call* talk) {
  auto head = co_await talk->answer();
  if (!head) co_return head.failure();
  head_ = std::move(*head);
  co_return co_await take_body(talk);
}

task<error> fetch_command::take_body(http_call* talk) {
  for (bool begins = true;;) {
    const auto piece = co_await talk->read();
    if (!piece) co_return piece.failure();
    bytes_ += piece->size();
    const bool over = piece->empty();
    body_ += as_text(*piece);
    if (!line_.output.empty() && (over || body_.size() >= file_piece)) {
      std::string part = std::exchange(body_, {});
      const error written = co_await write_out(std::move(part), std::exchange(begins, false), over);
      if (written.status != THARSIS_OK) co_return written;
    }
    if (over) co_return fine();
  }
}

task<error> fetch_command::write_out(std::string piece, bool begins, bool over) {
  const tharsis_files* const files = host_.files;
  const auto write = [files, path = call_->absolute(line_.output), piece = std::move(piece), begins, over] {
    return put(*files, path, piece, begins, over);
  };
  auto written = co_await blocking(place_, write);
  if (!written) co_return error{THARSIS_E_BUSY, "the host has no thread free to write the file"};
  co_return std::move(*written);
}

void fetch_command::tell(http_call& talk, const error& end) {
  const bool plain = end.text.ends_with("plain: allowed");  // A profile's way; a person has another.
  if (end.status != THARSIS_OK) call_->complain("stn fetch: " + end.text + (plain ? ", or say --plain" : ""));
  if (line_.json) return call_->print(as_json(talk, end));
  if (!head_) return;
  if (line_.include) {
    auto head = http1::write_head(*head_);
    if (head && talk.version() == http_version::http2) head->replace(0, head->find('\r'), "HTTP/2 " + std::to_string(head_->status));
    if (head) call_->print(*head);
  }
  if (head_->status >= 400) call_->complain("stn fetch: " + talk.where().origin() + " answered " + std::to_string(head_->status) + " " + std::string(http1::reason_of(head_->status)));
  if (!line_.output.empty() || body_.empty() || end.status != THARSIS_OK) return;
  if (!is_text(body_)) return call_->complain("stn fetch: the body is no text (" + std::to_string(bytes_) + " bytes); name a file for it with --output");
  call_->print(body_);
}

std::string fetch_command::as_json(http_call& talk, const error& end) const {
  const http_call_times& t = talk.times();
  json_object all;
  all.add("url", talk.where().text()).add("status", status_name(end.status)).add("http_status", head_ ? head_->status : 0);
  all.add("http_version", !head_ ? "" : talk.version() == http_version::http2 ? "2" : "1.1");
  all.add("redirects", talk.redirected()).add("bytes", bytes_);
  all.add_raw("queued_us", us_of(t.queued)).add_raw("connect_us", us_of(t.connect));
  all.add_raw("first_byte_us", us_of(t.first_byte)).add_raw("rest_us", us_of(t.rest));
  std::string headers;
  if (head_)
    for (const http1::field& f : head_->fields) headers += (headers.empty() ? "[" : ",[") + json_text(f.name) + "," + json_text(f.value) + "]";
  all.add_raw("headers", "[" + headers + "]");
  if (line_.output.empty() && end.status == THARSIS_OK) all.add("body", body_);
  all.add("reason", end.text);
  return all.text();
}

void fetch_command::stop() {
  work_.clear();
  if (network_) network_->close();
  if (connections_) connections_->close();
}

}  // namespace tharsis::stn
