#include "runtime/os_control_linux.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tharsis::runtime {
namespace {

constexpr size_t clients_most = 64;   // People and scripts, not a public.
constexpr size_t line_longest = 4096;  // Of a request.
constexpr int turn_at_latest = 250;    // Milliseconds, while somebody waits for what may never come.
constexpr int accept_again_after = 100;  // Milliseconds, while the process has no descriptor or memory for one more.
constexpr size_t unread_most = 64 << 10;  // Bytes of answers. Who does not read them is asked nothing more.

std::string folder_name(const std::string& state_folder) { return state_folder + "/.control"; }

error failed(const std::string& state_folder, const char* what, int reason) {
  return {reason == EACCES || reason == EPERM ? THARSIS_E_DENIED : THARSIS_E_IO,
          "the control socket in " + folder_name(state_folder) + " cannot be " + what + ": " + std::strerror(reason)};
}

// Through the open folder, since a socket's address has room for 107 bytes only. Nothing: the name does not fit even so.
std::optional<sockaddr_un> address_in(int folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + name;
  if (path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

void set_time(int descriptor, int what, std::chrono::milliseconds most) {
  const timeval time{most.count() / 1000, most.count() % 1000 * 1000};
  setsockopt(descriptor, SOL_SOCKET, what, &time, sizeof time);
}

bool is_short_of(int reason) { return reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM; }

const sockaddr* base(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

struct peer {
  int process = 0;
  bool trusted = false;  // The same person, or the system's administrator.
};
peer peer_of(int descriptor) {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {};
  return {who.pid, who.uid == geteuid() || who.uid == 0};
}

// The descriptor, or the negative reason. EAGAIN: many wait for somebody who takes nobody on.
int dial(int folder, const std::string& name, int flags) {
  const auto address = address_in(folder, name);
  if (!address) return -ENAMETOOLONG;
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (descriptor < 0) return -errno;
  set_time(descriptor, SO_SNDTIMEO, control_client::answer_latest);
  if (::connect(descriptor, base(*address), sizeof *address) == 0) return descriptor;
  const int reason = errno;
  close(descriptor);
  return -reason;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool take_line(std::string& from, std::string& line) {
  const size_t end = from.find('\n');
  if (end == std::string::npos) return false;
  line = from.substr(0, end);
  from.erase(0, end + 1);
  return true;
}

std::optional<error> in_use(int folder, const std::string& name, const std::string& state_folder) {
  const int other = dial(folder, name, SOCK_NONBLOCK);
  if (other == -ECONNREFUSED || other == -ENOENT) return {};
  const int process = other >= 0 ? peer_of(other).process : 0;
  if (other >= 0) close(other);
  return error{THARSIS_E_IN_USE, "'" + name + "' runs already with the state folder " + state_folder +
                                     (process > 0 ? ", as process " + std::to_string(process) : "") +
                                     "; end it with `tharsis stop --state " + state_folder + "`, or name another folder with --state"};
}

}  // namespace

result<std::unique_ptr<control_socket>> control_socket::open(const std::string& state_folder, const std::string& name) {
  std::unique_ptr<control_socket> made(new control_socket());
  made->name_ = name;
  const std::string path = folder_name(state_folder);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(state_folder, "made", errno);
  made->folder_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (made->folder_ < 0) return failed(state_folder, "made", errno);
  struct stat facts;
  if (fstat(made->folder_, &facts) != 0 || facts.st_uid != geteuid() || (facts.st_mode & 077) != 0)
    return error{THARSIS_E_DENIED, path + " must belong to you and be open to nobody else (chmod 700)"};
  const auto address = address_in(made->folder_, name);
  if (!address) return failed(state_folder, "made", ENAMETOOLONG);
  // One at a time looks who is there and takes the place of the dead.
  if (flock(made->folder_, LOCK_EX) != 0) return failed(state_folder, "locked", errno);
  if (auto taken = in_use(made->folder_, name, state_folder)) return *taken;
  unlinkat(made->folder_, name.c_str(), 0);
  made->listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made->listener_ < 0 || fchmod(made->listener_, 0600) != 0 ||
      ::bind(made->listener_, base(*address), sizeof *address) != 0 || ::listen(made->listener_, 16) != 0)
    return failed(state_folder, "made", errno);
  flock(made->folder_, LOCK_UN);
  int bell[2];
  if (pipe2(bell, O_CLOEXEC | O_NONBLOCK) != 0) return failed(state_folder, "made", errno);
  made->bell_ = bell[0];
  made->ringer_ = bell[1];
  return made;
}

control_socket::~control_socket() {
  if (listener_ >= 0) unlinkat(folder_, name_.c_str(), 0);
  for (const auto& [id, c] : clients_) close(c.descriptor);
  for (const int d : {listener_, folder_, bell_, ringer_})
    if (d >= 0) close(d);
}

void control_socket::ring() {
  const char rung = 'r';
  [[maybe_unused]] const ssize_t n = write(ringer_, &rung, 1);  // A full pipe rings as well.
}

void control_socket::end() {
  ending_ = true;
  ring();
}

void control_socket::serve(const handlers& h) {
  std::vector<pollfd> watched;
  std::vector<uint64_t> ids;
  bool is_short = false;
  while (!ending_) {
    const bool takes = !is_short && (clients_.size() < clients_most || longest_silent(h));
    watched = {{bell_, POLLIN, 0}, {listener_, static_cast<short>(takes ? POLLIN : 0), 0}};
    ids.clear();
    for (const auto& [id, c] : clients_) {
      watched.push_back({c.descriptor, static_cast<short>((c.out.size() > unread_most ? 0 : POLLIN) | (c.out.empty() ? 0 : POLLOUT)), 0});
      ids.push_back(id);
    }
    const bool watches = h.watches && h.watches();
    if (poll(watched.data(), watched.size(), is_short ? accept_again_after : watches ? turn_at_latest : -1) < 0) continue;  // A signal.
    char drained[64];
    while (read(bell_, drained, sizeof drained) > 0) {
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      if ((watched[i + 2].revents & POLLOUT) != 0) write_to(clients_.at(ids[i]));
      if ((watched[i + 2].revents & ~POLLOUT) != 0) read_from(ids[i], h);
    }
    is_short = watched[1].revents != 0 && !accept_clients(h);  // After what those who are there have said.
    h.on_turn();
    for (const uint64_t id : ids) forget_if_gone(id, h);
  }
  for (auto& [id, c] : clients_) write_to(c);
}

// False: somebody waits, and the process is short of what he would take.
bool control_socket::accept_clients(const handlers& h) {
  for (;;) {
    const auto silent = clients_.size() < clients_most ? std::nullopt : longest_silent(h);
    if (clients_.size() >= clients_most && !silent) return true;
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return !is_short_of(errno);
    if (!peer_of(descriptor).trusted) {
      close(descriptor);
      continue;
    }
    if (silent) forget(*silent, h);
    clients_.emplace(next_++, connection{descriptor, {}, {}, ++words_});
  }
}

std::optional<uint64_t> control_socket::longest_silent(const handlers& h) const {
  const std::pair<const uint64_t, connection>* silent = nullptr;
  for (const auto& one : clients_) {
    const bool busy = !one.second.out.empty() || (h.waits && h.waits(one.first));
    if (!busy && (silent == nullptr || one.second.heard < silent->second.heard)) silent = &one;
  }
  return silent != nullptr ? std::optional(silent->first) : std::nullopt;
}

void control_socket::read_from(uint64_t client, const handlers& h) {
  connection& c = clients_.at(client);
  char block[1024];
  const ssize_t n = read(c.descriptor, block, sizeof block);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  c.gone = n <= 0;
  if (n > 0) c.in.append(block, static_cast<size_t>(n)), c.heard = ++words_;
  for (std::string line; !c.gone && take_line(c.in, line);) h.on_line(client, line);
  if (c.in.size() > line_longest) c.gone = true;
}

void control_socket::forget_if_gone(uint64_t client, const handlers& h) {
  const auto found = clients_.find(client);
  if (found != clients_.end() && found->second.gone) forget(client, h);
}

void control_socket::forget(uint64_t client, const handlers& h) {
  h.on_gone(client);
  const auto found = clients_.find(client);
  close(found->second.descriptor);
  clients_.erase(found);
}

void control_socket::send(uint64_t client, const std::string& line) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  found->second.out += line + "\n";
  write_to(found->second);
}

size_t control_socket::unsent(uint64_t client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() ? 0 : found->second.out.size();
}

void control_socket::write_to(connection& c) {
  while (!c.gone && !c.out.empty()) {
    const ssize_t n = ::send(c.descriptor, c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) c.gone = true;
    else c.out.erase(0, static_cast<size_t>(n));
  }
}

result<std::unique_ptr<control_client>> control_client::reach(const std::string& state_folder, const std::string& name) {
  const error nobody{THARSIS_E_NOT_FOUND, "'" + name + "' does not run with the state folder " + state_folder};
  const int folder = ::open(folder_name(state_folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return errno == ENOENT || errno == ENOTDIR ? nobody : failed(state_folder, "reached", errno);
  std::unique_ptr<control_client> made(new control_client());
  made->descriptor_ = dial(folder, name, 0);
  close(folder);
  if (made->descriptor_ == -ECONNREFUSED || made->descriptor_ == -ENOENT) return nobody;
  if (made->descriptor_ == -EAGAIN)
    return error{THARSIS_E_TIMEOUT, "'" + name + "', which runs with the state folder " + state_folder + ", takes no questions: it is stopped, or stuck"};
  if (made->descriptor_ < 0) return failed(state_folder, "reached", -made->descriptor_);
  const peer who = peer_of(made->descriptor_);
  if (!who.trusted) return error{THARSIS_E_DENIED, "the runtime in " + state_folder + " is run by somebody else"};
  made->process_ = who.process;
  made->state_folder_ = state_folder;
  made->name_ = name;
  made->set_patience(answer_latest);
  made->process_descriptor_ = static_cast<int>(syscall(SYS_pidfd_open, who.process, 0));
  return made;
}

control_client::~control_client() {
  if (descriptor_ >= 0) close(descriptor_);
  if (process_descriptor_ >= 0) close(process_descriptor_);
}

void control_client::set_patience(std::chrono::milliseconds most) {
  for (const int what : {SO_RCVTIMEO, SO_SNDTIMEO}) set_time(descriptor_, what, most);
}

result<std::string> control_client::ask(const std::string& question, bool takes_time) {
  const bool sent = write_all(descriptor_, question + "\n");
  silent_ = !sent && (errno == EAGAIN || errno == EWOULDBLOCK);
  auto answer = sent ? read_line() : std::nullopt;
  while (sent && !answer && takes_time && silent_ && answers_others()) answer = read_line();
  if (!answer) return why_nothing();
  return std::move(*answer);
}

error control_client::why_nothing() const {
  if (!silent_) return {THARSIS_E_GONE, "the runtime has ended while it was asked"};
  return {THARSIS_E_TIMEOUT, "process " + std::to_string(process_) + " does not answer: it is stopped, or stuck"};
}

bool control_client::answers_others() const {
  const auto other = reach(state_folder_, name_);
  return other && (*other)->ask(R"({"do":"status"})");
}

std::optional<std::string> control_client::read_line() {
  silent_ = false;
  for (std::string line;;) {
    if (take_line(in_, line)) return line;
    char block[4096];
    const ssize_t n = read(descriptor_, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    silent_ = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (n <= 0) return {};
    in_.append(block, static_cast<size_t>(n));
  }
}

// Where the kernel cannot tell of a process's end, the end of the connection must do.
void control_client::wait_for_its_end() {
  set_patience({});
  while (read_line()) {
  }
  pollfd watched{process_descriptor_, POLLIN, 0};
  while (process_descriptor_ >= 0 && poll(&watched, 1, -1) < 0 && errno == EINTR) {
  }
}

std::vector<std::string> control_names(const std::string& state_folder) {
  std::vector<std::string> names;
  DIR* const folder = opendir(folder_name(state_folder).c_str());
  if (folder == nullptr) return names;
  while (const dirent* const entry = readdir(folder))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tharsis::runtime
