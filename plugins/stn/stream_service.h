// tharsis.stn.streams/1: what applications say of streams, from any strand, carried to the links' lines, and back.
#pragma once
#include <atomic>
#include <map>
#include <memory>

#include "plugins/stn/dispatcher.h"
#include "plugins/stn/stream_mail.h"
#include "sdk/async/mailbox.h"

namespace tharsis::stn {

class stream_service final : private stream_hearer {
 public:
  // All of them outlive it. [own strand]
  stream_service(strand& place, const host& tables, dispatcher& to, const stream_settings& s);
  stream_service(const stream_service&) = delete;
  ~stream_service() { door_->close(); }

  const tharsis_stn_streams* table() const { return &table_; }
  // Every stream has its end. Before the links stop. [own strand]
  void stop();

 private:
  struct open_stream {
    stream_caller from;
    size_t link;
    std::string link_name{}, name{};
    uint32_t told = THARSIS_STN_STREAM_ENDED;  // The bus, last: its state,
    tharsis_status trouble = THARSIS_OK;       // and why.
  };
  tharsis_status submit(const tharsis_stn_stream_order& asked, tharsis_handle* id, tharsis_error* error);
  std::unique_ptr<stream_order> order_of(const tharsis_stn_stream_order& asked) const;
  static void on_letter(void* context, stream_letter l);
  void accept(stream_letter l);
  void follow(stream_lane& lane, const stream_letter& l);
  void on_stream(stream_event e) override;
  void publish(const open_stream& of, const stream_event& e, uint32_t state, tharsis_status status, const std::string& reason) const;
  void refuse(const stream_letter& l, tharsis_status status, std::string why);

  strand& place_;
  const host host_;
  dispatcher& to_;
  const stream_settings& settings_;
  const counter opened_;
  const tharsis_handle topic_;
  const tharsis_stn_streams table_;
  inbox<stream_letter> inbox_;
  const std::shared_ptr<stream_back_door> door_;
  outbox<stream_delivery> outbox_;
  std::atomic<uint64_t> last_id_ = 0;
  std::atomic<int64_t> open_ = 0;  // Taken, and not ended.
  std::atomic<bool> stopping_ = false;
  std::map<uint64_t, open_stream> streams_;
};

}  // namespace tharsis::stn
