#include "plugins/stn/http_inbox.h"

#include "sdk/pure/views.h"

namespace tharsis::stn {

void http_delivery::deliver() const {
  switch (what) {
    case about::head: return deliver_head();
    case about::piece: return deliver_piece();
    case about::room: return to.on_room(to.context, id, room);
    case about::end: return deliver_end();
  }
}

void http_delivery::deliver_head() const {
  std::vector<tharsis_http_field> list;
  for (const http1::field& f : fields) list.push_back({text_of(f.name), text_of(f.value)});
  tharsis_http_head head{};
  head.size = sizeof head;
  head.status = http_status;
  head.url = text_of(text);
  head.fields = list.data();
  head.field_count = list.size();
  head.length = length;
  head.http_version = static_cast<uint32_t>(version);
  to.on_head(to.context, id, &head);
}

void http_delivery::deliver_piece() const {
  const uint64_t before = resumes->load();
  const bool held = to.on_piece(to.context, id, bytes_of(bytes)) == THARSIS_PENDING;
  http_letter l{held ? http_letter::about::held : http_letter::about::taken, id};
  l.count = bytes.size();
  l.resumes = before;
  back->send(std::move(l));
}

void http_delivery::deliver_end() const {
  tharsis_http_times spent{};
  spent.size = sizeof spent;
  spent.redirects = redirects;
  spent.queued = times.queued.count();
  spent.connect = times.connect.count();
  spent.first_byte = times.first_byte.count();
  spent.rest = times.rest.count();
  tharsis_http_result r{};
  r.size = sizeof r;
  r.status = status;
  r.http_status = http_status;
  r.body = bytes_of(bytes);
  r.reason = text_of(text);
  r.times = &spent;
  to.done(to.context, id, &r);
}

}  // namespace tharsis::stn
