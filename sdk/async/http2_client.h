// HTTP/2 as a client, over one connection that is there already: many exchanges at once, each of them a line() of its
// own. Reads and writes by itself; who has a line waits for that alone.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "sdk/async/http2_session.h"
#include "sdk/async/http_line.h"
#include "sdk/async/stream.h"
#include "sdk/async/task_set.h"

namespace tharsis {

class http2_exchange;

class http2_client : public std::enable_shared_from_this<http2_client> {
 public:
  // Made with make_shared: lines keep it alive.
  http2_client(strand& place, std::unique_ptr<stream> wire, const url& to, const http2_limits& l = {});
  ~http2_client();
  http2_client(const http2_client&) = delete;

  // May further exchanges begin here, now or later?
  bool takes_more() const { return !doubted_ && session_.takes_more(); }
  // Lines that may begin an exchange now.
  size_t room() const;
  // A line for one exchange; take one only while there is room().
  std::unique_ptr<http_line> line();

  // Called, from its own task too, when takes_more() or room() may have changed. Whoever is called must not destroy
  // the client there.
  std::function<void()> changed;

 private:
  friend class http2_exchange;
  task<void> pump();
  bool fill();
  void flush();
  void tell();
  void drop(int32_t id);
  // An exchange had no answer in time: if the whole connection was silent meanwhile, it may be dead.
  void doubt(instant since);

  strand& place_;
  std::unique_ptr<stream> wire_;
  const std::string peer_;
  http2_session session_;
  std::map<int32_t, http2_exchange*> exchanges_;
  size_t promised_ = 0;  // Lines that have not begun.
  instant heard_;        // When something came last.
  bool doubted_ = false;
  std::pair<bool, size_t> offered_;  // takes_more() and the session's room, as they were told last.
  std::vector<uint8_t> chunk_;
  task_set work_;
};

// One exchange; see http_line.
class http2_exchange final : public http_line {
 public:
  explicit http2_exchange(std::shared_ptr<http2_client> c);
  ~http2_exchange() override;

  http_version version() const override { return http_version::http2; }
  error begin(http1::request_head head, std::optional<uint64_t> body, std::string_view first = {}) override;
  task<result<bool>> invited(instant deadline) override;
  task<result<bool>> write(std::span<const uint8_t> bytes, instant deadline) override;
  task<result<http1::response_head>> head(instant deadline) override;
  task<result<std::span<const uint8_t>>> read(instant deadline) override;
  std::optional<uint64_t> left() const override;
  signal& events() override { return events_; }
  bool reusable() override;
  bool heard() const override;
  bool unprocessed() const override { return unprocessed_; }

 private:
  enum class phase : uint8_t { idle, sending, reading, over };
  error look();
  error late();
  error die(error why);
  void leave();

  const std::shared_ptr<http2_client> client_;
  signal events_;
  std::string asked_;  // "POST /in"
  phase phase_ = phase::idle;
  int32_t id_ = 0;
  bool keeps_ = true;
  bool sent_ = true;                // The request is whole.
  std::optional<uint64_t> to_send_;  // Of a body whose length was said.
  bool invited_ = false;
  bool heard_ = false, unprocessed_ = false;  // Of an exchange that is over.
  instant since_{};                           // Something went or came here last.
  std::optional<http1::response_head> early_;
};

}  // namespace tharsis
