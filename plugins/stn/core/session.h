// One connection of a link, from the first byte after TLS to the last: hello, requests and answers,
// pushes, heartbeat, silence. Bytes and instants in, bytes and verdicts out.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugins/stn/core/answer_pieces.h"
#include "plugins/stn/core/auth_exchange.h"
#include "plugins/stn/core/heartbeat.h"
#include "plugins/stn/core/reason.h"
#include "plugins/stn/core/server_memory.h"
#include "plugins/stn/core/session_tasks.h"
#include "plugins/stn/core/silence.h"
#include "plugins/stn/core/traffic.h"
#include "plugins/stn/core/upload.h"
#include "sdk/pure/framing.h"
#include "sdk/pure/sealed_datagram.h"

namespace tharsis::stn {

struct push {
  uint32_t command = 0;
  std::vector<uint8_t> body;
  uint64_t connection = 0;  // Of the link, that brought it: a number that no other one has;
  instant made_at{};        // it was made then.
};

// The server takes datagrams, told with its answer to the hello.
struct udp_offer {
  uint16_t port;
  datagram::connection_id id;
};

class session {
 public:
  // `frames` speak as a client. `rhythm` and `tasks` outlive the session. The connection must have proved
  // itself by `prove_by`: the server has taken the hello or, where the profile names no user, has
  // answered a ping. With `auth` the application's own proof comes after the hello, or in the ping's place.
  // `known`: a server there has taken this hello before; requests may come right behind it, see may_send().
  session(const link_settings& s, framing frames, const std::string& client_id, heartbeat& rhythm, session_tasks& tasks,
          instant prove_by, auth_exchange* auth = nullptr, traffic* counted = nullptr, bool known = false);

  // It was proved beside the connection that the link had, and is the link's own from now on: so are these. It is up. Those
  // that it had are read once more.
  void take_over(heartbeat& rhythm, session_tasks& tasks, instant now);
  // Another connection is to take its place: no more tasks are sent on this one, or they are again.
  void hold(bool is) { held_ = is; }
  // Where others carry what this connection holds up, it is given up later.
  void be_patient(bool is) { silence_.change((is ? patience_factor : 1) * settings_.answer_timeout); }
  // The settings are others now, though what is said has stayed the same.
  void on_settings() { silence_.change(settings_.answer_timeout); }

  // Where what comes next may be put; what was taken from the session before is no longer valid then.
  std::span<uint8_t> room(size_t size);
  // So many bytes were. Anything but OK ends the connection; failure() has the sentence.
  tharsis_status on_received(size_t count, instant now);

  // Traffic may take another way now, by which this connection does not go: asks for a proof at once.
  tharsis_status on_doubt(instant now);

  // Somebody asks whether the server is there: a ping, unless one is out.
  tharsis_status on_touch(instant now);

  // The radio is awake now: see heartbeat. True: something is to be sent.
  bool on_company(instant now);

  // The server has answered otherwise: the path is alive, and what this connection lost comes again.
  void on_sign_of_life(instant now);

  // The application has said something, or the server has answered it: goes on from there.
  tharsis_status on_auth(instant now);

  // Says something that means nothing, so that the radio stays awake. False: the codec has no such thing.
  bool keep_awake();

  // Whoever brought the codec takes it back: it is not used after this, and the connection has failed.
  void on_codec_gone(const std::string& sentence);

  // Ask when deadline() has passed; harmless to ask early. `unconfirmed`: written bytes of which the
  // peer's system has not said that it has them.
  tharsis_status on_deadline(instant now, size_t unconfirmed);
  instant deadline() const;

  // Puts into `out` what must go to the wire now: first what the link itself says, then requests until
  // `room` bytes are reached. Nothing is asked for before the connection has proved itself.
  void take_output(std::vector<uint8_t>& out, size_t room, instant now);

  // What was taken before has been written: small frames may have to follow it, each by itself, in the time of deadline().
  void on_written(instant now);
  // One of them. False: none is due.
  bool take_companion(std::vector<uint8_t>& out, instant now);

  std::vector<push> take_pushes() { return std::exchange(pushes_, {}); }

  // Once, where the server has made one.
  std::optional<udp_offer> take_udp_offer() { return std::exchange(udp_, std::nullopt); }

  // Whether, and where, it remembers keys; once it is up.
  const server_memory& memory() const { return memory_; }

  // What the server has asked its clients to do, as it stood on the wire: the last time, once.
  std::optional<std::vector<uint8_t>> take_move() { return std::exchange(move_, std::nullopt); }

  bool up() const { return up_; }
  // What is to prove the server goes in a packet of its own, for what would go behind it does not fit into the same: where
  // large packets vanish the answer to the small one tells that it is these.
  bool goes_apart() const { return !up_ && !output_.empty() && tasks_->next_size() > packet_room; }
  // The server has answered, also since the last doubt.
  bool proven() const { return up_ && doubted_until_ == never; }
  const loss& failure() const { return failure_; }

 private:
  tharsis_status on_frame(const tharsis_stn_frame& f, instant now);
  tharsis_status on_answer(const tharsis_stn_frame& f, instant now);
  tharsis_status on_piece(const tharsis_stn_frame& f, instant now);
  tharsis_status on_welcome(const tharsis_stn_frame& f, instant now);
  tharsis_status on_hello(const tharsis_stn_frame& f, instant now);
  void on_proved(instant now);
  // What arrives together is read, answered and lost as one. TCP makes good what was lost no later for it, where this is less
  // than a quarter of a round trip.
  static constexpr duration companion_pause = 5ms;
  static constexpr int patience_factor = 8;  // Five losses in a row, rather than two.
  bool may_send() const;
  void come_up(instant now);
  void send_hello(const std::string& client_id);
  void send_ping();
  void say(const tharsis_stn_frame& f);
  void tally(const tharsis_stn_frame& f, size_t bytes);
  tharsis_status fail(uint32_t why, tharsis_status status, std::string text);

  const link_settings& settings_;
  heartbeat* rhythm_;
  session_tasks* tasks_;
  instant prove_by_;
  auth_exchange* auth_;
  traffic* counted_;  // Null: nobody counts.
  instant auth_until_ = never;
  instant doubted_until_ = never;
  silence silence_;
  upload upload_;
  std::optional<framing> frames_;  // Nothing: the codec is gone.
  const bool known_;
  answer_pieces pieces_;
  std::deque<std::vector<uint8_t>> whole_;  // Answers that were made of pieces; until more is received.
  std::vector<uint8_t> output_;
  std::vector<push> pushes_;
  std::optional<udp_offer> udp_;
  server_memory memory_;
  std::optional<std::vector<uint8_t>> move_;
  bool up_ = false;
  bool held_ = false;
  int companions_ = 0;    // That are still to go,
  instant companion_at_ = never;  // and when the next one does.
  bool pinged_ = false;   // For its proof.
  bool helloed_ = false;  // The server has taken the hello.
  loss failure_{THARSIS_STN_WHY_NONE, THARSIS_OK, {}};
};

}  // namespace tharsis::stn
