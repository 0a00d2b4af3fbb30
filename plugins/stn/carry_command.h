// `tharsis stn upload` and `tharsis stn download`: one file, over a link of its own, as an application with streams would do it.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/carry_arguments.h"
#include "plugins/stn/dispatcher.h"
#include "plugins/stn/stream_service.h"
#include "sdk/async/command.h"
#include "sdk/async/file_reader.h"

namespace tharsis::stn {

class carry_command {
 public:
  // All of them outlive it.
  carry_command(const host& tables, strand& place, link_events& events) : place_(place), host_(tables), events_(events), changed_(place), work_(place) {}
  carry_command(const carry_command&) = delete;

  // In the place of the plugin's start. Ends with finish(): 0 the file is there whole, 1 it is not, 2 the words make no sense.
  void run(const command_call& call);
  // Everything is closed when it returns; what is half there stays so.
  task<void> stop();

 private:
  struct wish {
    uint64_t offset;
    size_t room;
  };
  struct piece {
    uint64_t offset;
    std::vector<uint8_t> bytes;
  };
  task<void> work();
  task<error> look_at_file();
  error open();
  task<error> carry();
  task<error> read_some(wish w);
  task<error> write_some(std::vector<piece> pieces);
  task<error> put_in_place();
  task<void> give_back();
  void on_progress(const tharsis_stn_stream_progress& p);
  void on_done(const tharsis_stn_stream_result& r);
  void tell(const error& why);
  std::string part() const { return path_ + ".part"; }
  std::string turn_name() const { return part() + ".lock"; }
  const tharsis_stn_streams& table() const { return *service_->table(); }

  strand& place_;
  const host host_;
  link_events& events_;
  std::optional<command_call> call_;
  std::optional<carry_arguments> line_;
  std::optional<settings> settings_;
  std::optional<dispatcher> tasks_;
  std::optional<stream_service> service_;
  std::string path_;  // Of the file.
  uint64_t size_ = 0, have_ = 0, written_ = 0;
  std::shared_ptr<const file_reader> reader_;
  tharsis_handle turn_ = 0;  // The lock of what comes down; 0: there is none.
  tharsis_handle stream_ = 0;
  std::deque<wish> wishes_;
  std::vector<piece> pieces_;
  carry_report report_;
  bool over_ = false, begun_ = false, told_ = false;
  instant since_{};
  std::string trouble_;
  signal changed_;
  task_set work_;
};

}  // namespace tharsis::stn
