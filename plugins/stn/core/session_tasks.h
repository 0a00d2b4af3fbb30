// What one connection carries, as its session sees it: the link's queue for the link's own connection, a share of it for
// any other.
#pragma once
#include <cstdint>
#include <vector>

#include "sdk/pure/framing.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

class session_tasks {
 public:
  // Puts the next request behind what is in `out`; it counts as sent from here on. False: none is ready. One that `frames`
  // do not carry, and one that another way has taken, leave `out` as it is.
  virtual bool write_next(std::vector<uint8_t>& out, framing& frames, instant now) = 0;
  // Whether what write_next() wrote last had been sent before.
  virtual bool wrote_again() const = 0;
  // How many small frames are to follow what was written, each by itself: so that a loss is noticed by what comes behind it.
  virtual int take_companions() { return 0; }
  // Is the next one of those that may go to a server that has not proved itself yet? It is sent again if it is lost.
  virtual bool next_is_keyed() const = 0;
  // How large its body is; 0: there is none, or nobody knows.
  virtual size_t next_size() const { return 0; }

  virtual void on_answer(const mars::frame_view& f, instant now) = 0;
  // A request with this sequence is out.
  virtual bool expects(uint32_t sequence) const = 0;
  // Some bytes of an answer are there, its last not.
  virtual void on_answer_begun(uint32_t sequence, instant now) = 0;
  // How many are out.
  virtual size_t sent() const = 0;

  // Tasks whose answers take too long. True: the connection should ask for a sign of life.
  virtual bool on_slow(instant now) = 0;
  virtual instant slow_deadline() const = 0;

 protected:
  ~session_tasks() = default;
};

}  // namespace tharsis::stn
