#include "plugins/gateway/datagrams.h"

#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {

// Datagrams taken in one turn; then connections have theirs.
constexpr int turn_datagrams = 256;

}  // namespace

datagrams::datagrams(const host& tables, const limits& l, ask on_request, std::function<void()> tell)
    : tables_(tables),
      limits_(l),
      on_request_(std::move(on_request)),
      tell_(tell),
      received_(tables.count<counter>("datagrams", "1", "Datagrams that were genuine and new")),
      dropped_(tables.count<counter>("datagrams_dropped", "1", "Datagrams that were forged, repeated, of no connection, too many, or to a place that has not proved itself")),
      sent_(tables.count<counter>("datagrams_sent", "1", "Answers by datagram")),
      socket_(*tables.net, std::move(tell)) {}

std::unique_ptr<datagrams::lane> datagrams::admit(uint64_t connection, const stream& wire) {
  datagram::connection_id id;
  tables_.random->fill(tables_.random->self, id.data(), id.size());
  std::array<uint8_t, datagram::exported_size> exported;
  if (lanes_.count(id) > 0 || !wire.export_secret(datagram::exporter_label, id, exported)) return nullptr;
  const datagram::keys keys = datagram::keys_of(exported);
  auto from = datagram::sealer::make(id, keys.to_client);
  auto to = datagram::opener::make(id, keys.to_server);
  if (!from || !to) return nullptr;
  auto made = std::make_unique<lane>(*this, connection, id, std::move(*from), std::move(*to), limits_);
  lanes_[id] = made.get();
  return made;
}

void datagrams::receive(instant now, bool mute) {
  std::array<uint8_t, datagram::size_max + 1> room;  // One that fills it is too long.
  tharsis_address from{};
  for (int i = 0; i < turn_datagrams; ++i) {
    const auto size = socket_.receive(room, from);
    if (!size) return;
    const auto bytes = std::span<const uint8_t>(room).first(*size);
    const auto head = datagram::read_head(bytes);
    const auto found = head ? lanes_.find(head->id) : lanes_.end();
    if (mute || found == lanes_.end())
      dropped_.add();
    else
      found->second->on_datagram(bytes, from, now);
  }
  tell_();
}

void datagrams::lane::on_datagram(std::span<const uint8_t> bytes, const tharsis_address& from, instant now) {
  std::array<uint8_t, datagram::size_max> room;
  const auto opened = opener_.open(bytes, room);
  const auto m = opened ? datagram::read_message(opened->content) : std::nullopt;
  if (!m) return all_.dropped_.add();
  all_.received_.add();
  peer_.on_datagram(from, bytes.size(), opened->number == opener_.highest(), m->echo);
  if (!peer_.may_ask(now)) return all_.dropped_.add();
  if (m->what == datagram::kind::probe) return send({datagram::kind::here, opened->number});
  if (m->what != datagram::kind::request || m->command == mars::command_hello) return;
  all_.on_request_(connection_, {m->command, m->sequence, {m->body.begin(), m->body.end()}, {m->key.begin(), m->key.end()}, {}}, opened->number);
}

bool datagrams::lane::answer(const mars::frame& f, uint32_t to) {
  datagram::message m{f.refusal.empty() ? datagram::kind::answer : datagram::kind::refusal, to, f.sequence, f.command};
  m.body = f.refusal.empty() ? std::span<const uint8_t>(f.body) : as_bytes(f.refusal);
  const bool fits = datagram::fits(m);
  if (f.retry_after_ms == 0 && fits) return send(m), true;  // When to come again has no place in a datagram.
  datagram::message by_connection{datagram::kind::stream, to, f.sequence, f.command};
  if (fits) by_connection.body = datagram::this_once;
  send(by_connection);
  return !peer_.needs_stream(f.sequence);
}

void datagrams::lane::send(const datagram::message& m) {
  std::array<uint8_t, datagram::content_max> content;
  std::array<uint8_t, datagram::size_max> sealed;
  const size_t size = datagram::write(m, content);
  if (!peer_.may_send(datagram::head_size + size + datagram::tag_size, sealer_.number() + 1)) return all_.dropped_.add();
  const size_t length = sealer_.seal(std::span(content).first(size), sealed);
  if (length == 0) return;
  all_.sent_.add();
  all_.socket_.send(peer_.address(), std::span(sealed).first(length));
}

}  // namespace tharsis::gateway
