// A network for tests over fake_loop: each connection's two sides in one process, every step by hand.
// As in the contract, an event comes only after a call has answered PENDING, and through the loop.
#pragma once
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sdk/abi/net.h"
#include "tests/sdk/async/fake_loop.h"

namespace tharsis::test {

class fake_net {
 public:
  using bytes = std::vector<uint8_t>;

  std::map<std::string, int64_t> options;  // As they were set last, on whatever.

  struct question {
    std::string name;
    tharsis_net_resolved done;
    void* context;
  };

  explicit fake_net(fake_loop& loop) : loop_(loop) {
    table.size = sizeof table;
    table.self = this;
    table.dial = [](void* s, const tharsis_address* to, tharsis_net_event f, void* c, tharsis_handle* h, tharsis_error*) {
      if (to->family == 0) return tharsis_status{THARSIS_E_INVALID};
      self(s).sockets[*h = ++self(s).last_].told = {f, c};
      return tharsis_status{THARSIS_OK};
    };
    table.dial_with = [](void* s, const tharsis_address* to, const tharsis_dial_options* o, tharsis_net_event f, void* c,
                         tharsis_handle* h, tharsis_error* error) {
      self(s).options["dialled mss"] = o == nullptr ? 0 : o->mss;
      return self(s).table.dial(s, to, f, c, h, error);
    };
    table.listen = [](void* s, const tharsis_address*, tharsis_net_event f, void* c, tharsis_handle* h, tharsis_error*) {
      self(s).sockets[*h = ++self(s).last_].told = {f, c};
      return tharsis_status{THARSIS_OK};
    };
    table.accept = [](void* s, tharsis_handle listener, tharsis_net_event f, void* c, tharsis_handle* h, tharsis_address*) {
      auto& waiting = self(s).sockets.at(listener).waiting;
      if (waiting.empty()) return self(s).pend(listener, THARSIS_NET_READABLE);
      *h = waiting.front();
      waiting.pop_front();
      self(s).sockets.at(*h).told = {f, c};
      return tharsis_status{THARSIS_OK};
    };
    table.read = [](void* s, tharsis_handle h, uint8_t* into, size_t capacity, size_t* count) {
      return self(s).read(h, into, capacity, count);
    };
    table.write = [](void* s, tharsis_handle h, const uint8_t* data, size_t size, size_t* count) {
      return self(s).write(h, data, size, count);
    };
    table.shutdown = [](void* s, tharsis_handle h) {
      socket& mine = self(s).sockets.at(h);
      mine.ended = true;
      self(s).tell(mine.peer, THARSIS_NET_READABLE);
      return tharsis_status{mine.peer == 0 ? THARSIS_E_INVALID : THARSIS_OK};
    };
    table.resolve = [](void* s, tharsis_text name, uint32_t, tharsis_net_resolved done, void* c, tharsis_handle* h,
                       tharsis_error*) {
      self(s).questions[*h = ++self(s).last_] = {std::string(name.data, name.size), done, c};
      return tharsis_status{THARSIS_OK};
    };
    table.local = [](void*, tharsis_handle, tharsis_address*) { return tharsis_status{THARSIS_OK}; };
    table.set = [](void* s, tharsis_handle, const char* name, int64_t value) {
      self(s).options[name] = value;
      return tharsis_status{THARSIS_OK};
    };
    table.close = [](void* s, tharsis_handle h) { return self(s).close(h); };
  }
  fake_net(const fake_net&) = delete;

  // The dialled socket `h` is answered by a new one, which waits at the listener when there is one.
  tharsis_handle connect(tharsis_handle h, tharsis_handle listener = 0) {
    const tharsis_handle peer = ++last_;
    sockets[peer].peer = h;
    sockets.at(h).peer = peer;
    sockets.at(h).wants |= THARSIS_NET_CONNECTED;
    tell(h, THARSIS_NET_CONNECTED);
    tell(h, THARSIS_NET_WRITABLE);
    if (listener != 0) sockets.at(listener).waiting.push_back(peer), tell(listener, THARSIS_NET_READABLE);
    return peer;
  }
  void fail(tharsis_handle h, tharsis_status why) {
    socket& s = sockets.at(h);
    s.dead = why;
    s.wants |= THARSIS_NET_FAILED;
    tell(h, THARSIS_NET_FAILED);
  }
  // As the peer's machine: gives bytes to the socket, takes what it wrote.
  void give(tharsis_handle h, const bytes& data) {
    socket& s = sockets.at(h);
    s.arrived.insert(s.arrived.end(), data.begin(), data.end());
    tell(h, THARSIS_NET_READABLE);
  }

  struct socket {
    std::pair<tharsis_net_event, void*> told{};
    tharsis_handle peer = 0;
    bytes arrived;
    bool ended = false;  // By its own side.
    tharsis_status dead = THARSIS_OK;
    uint32_t wants = 0;  // Events that a PENDING has promised.
    std::deque<tharsis_handle> waiting;
  };

  tharsis_net table{};
  std::map<tharsis_handle, socket> sockets;
  std::map<tharsis_handle, question> questions;
  size_t room = 64 * 1024;        // Bytes under way in one direction.
  size_t piece = 64 * 1024;       // The most that one call reads or writes.

 private:
  static fake_net& self(void* s) { return *static_cast<fake_net*>(s); }

  struct letter {
    fake_net* net;
    tharsis_handle socket;
    uint32_t bits;
    tharsis_status status;
  };

  tharsis_status pend(tharsis_handle h, uint32_t bit) {
    sockets.at(h).wants |= bit;
    return THARSIS_PENDING;
  }
  void tell(tharsis_handle h, uint32_t bit) {
    const auto found = sockets.find(h);
    if (found == sockets.end() || (found->second.wants & bit) == 0) return;
    found->second.wants &= ~bit;
    letters_.push_back(std::make_unique<letter>(letter{this, h, bit, bit == THARSIS_NET_FAILED ? found->second.dead : THARSIS_OK}));
    const auto deliver = [](void* context, tharsis_handle) {
      const auto* l = static_cast<letter*>(context);
      const auto at = l->net->sockets.find(l->socket);
      if (at != l->net->sockets.end() && at->second.told.first != nullptr)
        at->second.told.first(at->second.told.second, l->socket, l->bits, l->status);
    };
    loop_.table.post(loop_.table.self, 0, deliver, letters_.back().get(), 0);
  }

  tharsis_status read(tharsis_handle h, uint8_t* into, size_t capacity, size_t* count) {
    socket& s = sockets.at(h);
    *count = std::min({capacity, piece, s.arrived.size()});
    if (*count > 0) {
      std::memcpy(into, s.arrived.data(), *count);
      s.arrived.erase(s.arrived.begin(), s.arrived.begin() + static_cast<std::ptrdiff_t>(*count));
      tell(s.peer, THARSIS_NET_WRITABLE);
      return THARSIS_OK;
    }
    if (s.dead != THARSIS_OK) return s.dead;
    const auto peer = sockets.find(s.peer);
    if (s.peer != 0 && (peer == sockets.end() || peer->second.ended)) return THARSIS_OK;
    return pend(h, THARSIS_NET_READABLE);
  }

  tharsis_status write(tharsis_handle h, const uint8_t* data, size_t size, size_t* count) {
    *count = 0;
    socket& s = sockets.at(h);
    if (s.dead != THARSIS_OK) return s.dead;
    if (s.peer == 0) return pend(h, THARSIS_NET_WRITABLE);
    const auto peer = sockets.find(s.peer);
    if (s.ended || peer == sockets.end()) return THARSIS_E_RESET;
    bytes& there = peer->second.arrived;
    *count = std::min({size, piece, room - std::min(room, there.size())});
    there.insert(there.end(), data, data + *count);
    if (*count > 0) tell(s.peer, THARSIS_NET_READABLE);
    return *count < size ? pend(h, THARSIS_NET_WRITABLE), still_writable(h, there) : THARSIS_OK;
  }
  // A piece was small, but there is room: the event comes at once.
  tharsis_status still_writable(tharsis_handle h, const bytes& there) {
    if (there.size() < room) tell(h, THARSIS_NET_WRITABLE);
    return THARSIS_PENDING;
  }

  tharsis_status close(tharsis_handle h) {
    if (questions.erase(h) != 0) return THARSIS_OK;
    const auto found = sockets.find(h);
    if (found == sockets.end()) return THARSIS_E_GONE;
    const tharsis_handle peer = found->second.peer;
    sockets.erase(found);
    tell(peer, THARSIS_NET_READABLE);
    tell(peer, THARSIS_NET_WRITABLE);
    return THARSIS_OK;
  }

  fake_loop& loop_;
  std::vector<std::unique_ptr<letter>> letters_;
  tharsis_handle last_ = 0;
};

}  // namespace tharsis::test
