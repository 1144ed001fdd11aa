// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace ferry {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = std::size_t{1} << 20;

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool good() const { return ends_[0] >= 0; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// The child with its process group; killed and reaped unless it has ended.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  ~Child() {
    if (id_ <= 0) return;
    ::kill(-id_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  int wait() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t id_;
};

Result<pid_t> start(const std::vector<std::string>& arguments, const Pipe& out, const Pipe& err) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.writing(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.writing(), STDERR_FILENO);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> texts;
  for (const auto& argument : arguments) texts.push_back(const_cast<char*>(argument.c_str()));
  texts.push_back(nullptr);
  pid_t id = 0;
  const int error =
      ::posix_spawnp(&id, texts.front(), &actions, &attributes, texts.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error == ENOENT) return fail(Code::not_found, "there is no program '{}'", arguments.front());
  if (error != 0) {
    return fail(Code::internal, "cannot run {}: {}", arguments.front(), std::strerror(error));
  }
  return id;
}

// False at the end of the stream.
bool read_some(int descriptor, std::string& into) {
  std::array<char, 16384> buffer;
  const auto count = ::read(descriptor, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  into.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

Result<void> read_all(Pipe& out, Pipe& err, ProcessOutput& output, Steady::time_point end,
                      const std::string& program) {
  bool open[2] = {true, true};
  std::string* texts[2] = {&output.out, &output.err};
  while (open[0] || open[1]) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Steady::now()).count();
    if (left <= 0) return fail(Code::deadline_exceeded, "{} did not end in time", program);
    pollfd wanted[2] = {{open[0] ? out.reading() : -1, POLLIN, 0},
                        {open[1] ? err.reading() : -1, POLLIN, 0}};
    if (::poll(wanted, 2, static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0) {
      if (errno == EINTR) continue;
      return fail(Code::internal, "read from {}: {}", program, std::strerror(errno));
    }
    for (int i = 0; i < 2; ++i) {
      if (wanted[i].revents == 0) continue;
      open[i] = read_some(wanted[i].fd, *texts[i]);
      if (texts[i]->size() > kMaxOutput) {
        return fail(Code::resource_exhausted, "{} prints too much", program);
      }
    }
  }
  return {};
}

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& arguments,
                                  std::chrono::milliseconds timeout) {
  FERRY_CHECK(!arguments.empty());
  const auto end = Steady::now() + timeout;
  Pipe out;
  Pipe err;
  if (!out.good() || !err.good()) {
    return fail(Code::resource_exhausted, "no pipe for {}: {}", arguments.front(),
                std::strerror(errno));
  }
  auto id = start(arguments, out, err);
  if (!id) return fail(std::move(id).error());
  Child child(*id);
  out.close_end(1);
  err.close_end(1);
  ProcessOutput output;
  auto read = read_all(out, err, output, end, arguments.front());
  if (!read) return fail(std::move(read).error());
  output.exit_code = child.wait();
  return output;
}

}  // namespace ferry
