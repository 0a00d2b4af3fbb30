#include "plugins/stn/stream_mail.h"

#include <algorithm>

#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

tharsis_stn_stream_progress shown(const stream_progress& p) {
  tharsis_stn_stream_progress s{};
  s.size = sizeof s;
  s.state = p.state;
  s.up = p.up;
  s.up_size = p.up_size;
  s.down = p.down;
  s.down_size = p.down_size;
  s.opens = p.opens;
  s.reason = text_of(p.reason);
  s.trouble = p.trouble;
  return s;
}

void deliver_end(const stream_event& e, const stream_caller& to) {
  const tharsis_stn_stream_progress progress = shown(e.progress);
  tharsis_stn_stream_result r{};
  r.size = sizeof r;
  r.status = e.status;
  r.reason = text_of(e.reason);
  r.progress = &progress;
  std::copy(e.sum.begin(), e.sum.end(), r.sum);
  to.done(to.context, e.stream, &r);
}

}  // namespace

void stream_delivery::deliver() const {
  switch (what.what) {
    case stream_event::about::room: return to.on_room(to.context, what.stream, what.offset, what.room);
    case stream_event::about::piece: {
      to.on_piece(to.context, what.stream, what.offset, bytes_of(what.bytes));
      stream_letter given{stream_letter::about::given, what.stream};
      given.number = what.bytes.size();
      back->send(std::move(given));
      return;
    }
    case stream_event::about::progress: {
      const tharsis_stn_stream_progress p = shown(what.progress);
      return to.on_progress(to.context, what.stream, &p);
    }
    case stream_event::about::end: return deliver_end(what, to);
  }
}

}  // namespace tharsis::stn
