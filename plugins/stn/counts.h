// What stn counts: of all links together, on stn's own strand where nothing else is said.
#pragma once
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/core/traffic.h"
#include "sdk/async/host.h"

namespace tharsis::stn {

struct counts {
  explicit counts(const host& h)
      : tasks_refused(h.count<shared_counter>("tasks_refused", "1", "Tasks that were not taken: wrong, or too many wait")),
        tasks_accepted(h.count<counter>("tasks_accepted", "1", "Tasks that were taken; each gets one answer")),
        tasks_done(h.count<counter>("tasks_done", "1", "Tasks that the server answered")),
        tasks_denied(h.count<counter>("tasks_denied", "1", "Tasks that the server refused")),
        tasks_timeout(h.count<counter>("tasks_timeout", "1", "Tasks whose time was over before an answer")),
        tasks_cancelled(h.count<counter>("tasks_cancelled", "1", "Tasks that their caller, or the end of stn, withdrew")),
        tasks_lost(h.count<counter>("tasks_lost", "1", "Tasks that failed with their link, for any other reason")),
        tasks_open(h.count<gauge>("tasks_open", "1", "Tasks without an answer now")),
        task_time(h.count<histogram>("task_time", "ns", "From the call to the answer, of tasks that were done")),
        requests{h.count<counter>("requests_sent", "1", "Requests that went to the wire, repeated ones too"),
                 h.count<counter>("requests_repeated", "1", "Requests that a lost link made wait for the next one"),
                 h.count<counter>("answers_stray", "1", "Answers that nobody waited for"),
                 h.count<histogram>("round_trip", "ns", "From a request's way to the wire to its answer"),
                 h.count<counter>("requests_busy", "1", "Requests that a server refused because it has too much to do"),
                 h.count<counter>("repeats_refused", "1", "Repetitions that tasks.budget did not allow"),
                 h.count<counter>("tasks_keyed", "1", "Tasks that got a key, since their server carries each out once")},
        bytes_sent(h.count<counter>("bytes_sent", "bytes", "Written to links, before TLS")),
        bytes_received(h.count<counter>("bytes_received", "bytes", "Read from links, after TLS")),
        traffic_by{{{sent_and_received(h, "traffic_tasks_sent", "traffic_tasks_received", "Bytes of requests, and of their answers"),
                     sent_and_received(h, "traffic_repeated_sent", nullptr, "Bytes of requests that were sent again"),
                     sent_and_received(h, nullptr, "traffic_pushes_received", "Bytes of what servers sent unasked"),
                     sent_and_received(h, "traffic_heartbeats_sent", "traffic_heartbeats_received", "Bytes of pings, and of pongs"),
                     sent_and_received(h, "traffic_hello_sent", "traffic_hello_received", "Bytes of hellos and authentication")}},
                   {{sent_and_received(h, "traffic_other_sent", "traffic_other_received", "Bytes over networks that are neither Wi-Fi nor cellular"),
                     sent_and_received(h, "traffic_wifi_sent", "traffic_wifi_received", "Bytes over Wi-Fi"),
                     sent_and_received(h, "traffic_cellular_sent", "traffic_cellular_received", "Bytes over cellular networks")}}},
        pushes_received(h.count<counter>("pushes_received", "1", "Messages that servers sent unasked")),
        pushes_twice(h.count<counter>("pushes_twice", "1", "Messages that another connection of the link had brought before")),
        links_up(h.count<gauge>("links_up", "1", "Links that are up now")),
        links_opened(h.count<counter>("links_opened", "1", "Times that a link came up")),
        links_lost(h.count<counter>("links_lost", "1", "Times that a link that was up went down")),
        connects_failed(h.count<counter>("connects_failed", "1", "Attempts to connect that brought no link up")),
        tls_resumed(h.count<counter>("tls_resumed", "1", "TLS handshakes that took a ticket of an earlier one")),
        tls_early(h.count<counter>("tls_early", "1", "TLS handshakes whose early data the server took")),
        second_dialled(h.count<counter>("second_dialled", "1", "Second connections, because the first one of a link may have been dead")),
        second_needed(h.count<counter>("second_needed", "1", "Of these such as took the first one's place")),
        second_needless(h.count<counter>("second_needless", "1", "Of these such as the first one answered before")),
        second_failed(h.count<counter>("second_failed", "1", "Of these such as did not come up")),
        udp_sent(h.count<counter>("udp_sent", "1", "Requests that left in a datagram, copies too")),
        udp_copies(h.count<counter>("udp_copies", "1", "Of these such as were not a task's first")),
        udp_won(h.count<counter>("udp_won", "1", "Tasks that were answered by datagram first")),
        udp_lost(h.count<counter>("udp_lost", "1", "Tasks that had gone by datagram and were answered by the connection first")),
        udp_dropped(h.count<counter>("udp_dropped", "1", "Datagrams that were not the server's, or came again")),
        lanes_opened(h.count<counter>("lanes_opened", "1", "Connections that came up beside a link's own")),
        lanes_failed(h.count<counter>("lanes_failed", "1", "Connections beside a link's own that did not come up, or died")),
        lanes_held_back(h.count<counter>("lanes_held_back", "1", "Times that a link wanted more lanes than extra_connections allows")),
        hedge_copies(h.count<counter>("hedge_copies", "1", "Tasks that were sent once more on another lane")),
        hedge_copy_bytes(h.count<counter>("hedge_copy_bytes", "bytes", "How large these were")),
        hedge_won(h.count<counter>("hedge_won", "1", "Tasks that a copy's answer ended")),
        hedge_late(h.count<counter>("hedge_late", "1", "Answers to copies of tasks that had ended already")),
        hedge_refused(h.count<counter>("hedge_refused", "1", "Tasks of which a copy was due, and not allowed")),
        moves_followed(h.count<counter>("moves_followed", "1", "Times that a server asked a link to go elsewhere, and it did")),
        moves_refused(h.count<counter>("moves_refused", "1", "Times that it did not, since it may not")),
        servers_left_alone(h.count<counter>("servers_left_alone", "1", "Times that a server failed too often after the connect, and was left alone for a while")),
        reconnects_spread(h.count<counter>("reconnects_spread", "1", "Times that a link came back when chance said, not at once")),
        intervals_learned(h.count<counter>("intervals_learned", "1", "Times that something was found out of how long a path may be idle")),
        keyed_repeated(h.count<counter>("keyed_repeated", "1", "Tasks without a key of the application's that were sent more than once, by whichever way")),
        keyed_copies(h.count<counter>("keyed_copies", "1", "Requests of these that left beside one that was out, in a datagram or by another connection")),
        dials_raced(h.count<counter>("dials_raced", "1", "Dials beside one that had not answered in time")),
        outbox_kept(h.count<counter>("outbox_kept", "1", "Durable tasks that were put on the disk")),
        outbox_again(h.count<counter>("outbox_again", "1", "Times that a durable task had to go again after all tries of a link")),
        stream_connections(h.count<counter>("stream_connections", "1", "Connections that came up for streams")),
        stream_sent(h.count<counter>("stream_bytes_sent", "bytes", "Written to these, before TLS")),
        stream_received(h.count<counter>("stream_bytes_received", "bytes", "Read from these, after TLS")) {}

  // Null: there is none of these.
  static traffic::counters sent_and_received(const host& h, const char* sent, const char* received, const char* help) {
    return {sent != nullptr ? h.count<counter>(sent, "bytes", help) : counter(),
            received != nullptr ? h.count<counter>(received, "bytes", help) : counter()};
  }

  // A task has its answer.
  void on_answer(tharsis_status status, duration took) const {
    tasks_open.add(-1);
    switch (status) {
      case THARSIS_OK:
        tasks_done.add();
        return task_time.record(static_cast<uint64_t>(took.count()));
      case THARSIS_E_DENIED: return tasks_denied.add();
      case THARSIS_E_TIMEOUT: return tasks_timeout.add();
      case THARSIS_E_CANCELLED: return tasks_cancelled.add();
      default: return tasks_lost.add();
    }
  }

  const shared_counter tasks_refused;  // [any thread]
  const counter tasks_accepted, tasks_done, tasks_denied, tasks_timeout, tasks_cancelled, tasks_lost;
  const gauge tasks_open;
  const histogram task_time;
  const task_queue::counts requests;
  const counter bytes_sent, bytes_received;
  const traffic::counts traffic_by;
  const counter pushes_received, pushes_twice;
  const gauge links_up;
  const counter links_opened, links_lost, connects_failed, tls_resumed, tls_early;
  const counter second_dialled, second_needed, second_needless, second_failed;
  const counter udp_sent, udp_copies, udp_won, udp_lost, udp_dropped;
  const counter lanes_opened, lanes_failed, lanes_held_back, hedge_copies, hedge_copy_bytes, hedge_won, hedge_late, hedge_refused;
  const counter moves_followed, moves_refused, servers_left_alone;
  const counter reconnects_spread, intervals_learned, keyed_repeated, keyed_copies, dials_raced, outbox_kept, outbox_again;
  const counter stream_connections, stream_sent, stream_received;
};

}  // namespace tharsis::stn
