// SPDX-License-Identifier: Apache-2.0
#include "cli/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace ferry::cli {
namespace {

// Everything that the child needs after fork, made before it: only async-signal-safe calls follow.
struct Prepared {
  std::vector<std::string> texts;
  std::vector<char*> arguments;
  std::vector<std::string> environment_texts;
  std::vector<char*> environment;
};

void prepare(const ProgramCall& call, Prepared& prepared) {
  prepared.texts.push_back(call.program);
  prepared.texts.insert(prepared.texts.end(), call.arguments.begin(), call.arguments.end());
  for (auto& text : prepared.texts) prepared.arguments.push_back(text.data());
  prepared.arguments.push_back(nullptr);
  for (const auto& [name, value] : call.environment) {
    prepared.environment_texts.push_back(name + "=" + value);
  }
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : call.environment) {
      replaced = replaced || text.starts_with(name + "=");
    }
    if (!replaced) prepared.environment.push_back(*entry);
  }
  for (auto& text : prepared.environment_texts) prepared.environment.push_back(text.data());
  prepared.environment.push_back(nullptr);
}

[[noreturn]] void become(const ProgramCall& call, Prepared& prepared, int log, int report,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  if (call.own_process_group) ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);
  if (log >= 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  } else if (call.output_to_stderr) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
  }
  if (call.directory.empty() || ::chdir(call.directory.c_str()) == 0) {
    ::execvpe(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
  }
  const int error = errno;
  [[maybe_unused]] const auto told = ::write(report, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

Result<pid_t> start_program(const ProgramCall& call) {
  Prepared prepared;
  prepare(call, prepared);
  int log = -1;
  if (!call.log.empty()) {
    log = ::open(call.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) {
      return fail(Code::internal, "cannot write {}: {}", call.log.string(), std::strerror(errno));
    }
  }
  int report[2];  // says why exec failed; closed by a successful exec
  if (::pipe2(report, O_CLOEXEC) != 0) {
    if (log >= 0) ::close(log);
    return fail(Code::resource_exhausted, "cannot start {}: {}", call.program,
                std::strerror(errno));
  }
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(call, prepared, log, report[1], parent);
  const int fork_error = errno;
  ::close(report[1]);
  if (log >= 0) ::close(log);
  int error = child < 0 ? fork_error : 0;
  if (child > 0 && ::read(report[0], &error, sizeof error) == ssize_t{sizeof error}) {
    ::waitpid(child, nullptr, 0);
  }
  ::close(report[0]);
  if (error == 0) return child;
  return fail(error == ENOENT ? Code::not_found : Code::internal, "cannot start {}: {}",
              call.program, std::strerror(error));
}

std::string Ended::describe() const {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

std::optional<Ended> try_reap(pid_t pid) {
  int status = 0;
  const pid_t reaped = ::waitpid(pid, &status, WNOHANG);
  if (reaped == pid) return Ended{status};
  if (reaped < 0 && errno == ECHILD) return Ended{};
  return std::nullopt;
}

Ended wait_for_end(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return Ended{status};
}

Result<std::filesystem::path> sibling_program(std::string_view name) {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail(Code::internal, "cannot find this program's file: {}", error.message());
  auto path = own.parent_path() / name;
  if (::access(path.c_str(), X_OK) != 0) {
    return fail(Code::not_found, "there is no program {}", path.string());
  }
  return path;
}

}  // namespace ferry::cli
