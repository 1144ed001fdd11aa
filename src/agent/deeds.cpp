// SPDX-License-Identifier: Apache-2.0
#include "agent/deeds.hpp"

#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/encoding.hpp"
#include "base/file.hpp"

extern char** environ;

namespace ferry::agent {
namespace {

Result<void> give_to(const std::filesystem::path& path, const std::string& owner) {
  if (owner.empty()) return {};
  const passwd* user = ::getpwnam(owner.c_str());
  if (!user) return {};
  const uid_t uid = user->pw_uid;
  const group* same = ::getgrnam(owner.c_str());
  const gid_t gid = same ? same->gr_gid : user->pw_gid;
  if (::chown(path.c_str(), uid, gid) == 0) return {};
  return fail(Code::permission_denied, "cannot give {} to {}: {}", path.string(), owner,
              std::strerror(errno));
}

bool holds(const std::filesystem::path& path, const std::string& content, mode_t mode) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & 07777) != mode) return false;
  const auto there = read_file(path);
  return there && *there == content;
}

Result<void> run_program(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, arguments.front(), nullptr, nullptr, arguments.data(), environ);
  if (error != 0) {
    return fail(Code::unavailable, "cannot run {}: {}", command.front(), std::strerror(error));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Code::unavailable, "{} failed with {}", command.front(),
              WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

std::filesystem::path Deeds::in_root(const std::filesystem::path& path) const {
  return root_.empty() ? path : root_ / path.relative_path();
}

void Deeds::write(const std::filesystem::path& path, std::string content, mode_t mode,
                  std::string owner) {
  const auto target = in_root(path);
  if (holds(target, content, mode)) return;
  deeds_.push_back({fmt::format("write {} (mode {:04o}{})", target.string(), mode,
                                owner.empty() ? "" : ", owner " + owner),
                    [target, content = std::move(content), mode, owner]() -> Result<void> {
                      auto made = make_directories(target.parent_path());
                      if (!made) return made;
                      auto written = write_file_atomically(target, content, mode);
                      if (!written) return written;
                      return give_to(target, owner);
                    }});
}

void Deeds::make_directory(const std::filesystem::path& path, mode_t mode, std::string owner) {
  const auto target = in_root(path);
  std::error_code error;
  if (std::filesystem::is_directory(target, error)) return;
  deeds_.push_back({fmt::format("make directory {} (mode {:04o}{})", target.string(), mode,
                                owner.empty() ? "" : ", owner " + owner),
                    [target, mode, owner]() -> Result<void> {
                      auto made = make_directories(target, mode);
                      if (!made) return made;
                      return give_to(target, owner);
                    }});
}

void Deeds::remove(const std::filesystem::path& path) {
  const auto target = in_root(path);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(target, error))) return;
  deeds_.push_back(
      {fmt::format("remove {}", target.string()), [target] { return remove_file(target); }});
}

void Deeds::run(std::vector<std::string> command, bool may_fail) {
  if (!root_.empty() || !has_program(command.front())) return;
  deeds_.push_back(
      {fmt::format("run {}", join(command)), [command] { return run_program(command); }, may_fail});
}

void Deeds::call(std::string what, std::function<Result<void>()> deed) {
  deeds_.push_back({std::move(what), std::move(deed)});
}

std::string Deeds::describe() const {
  std::string text;
  for (const auto& deed : deeds_) text += deed.what + "\n";
  return text;
}

Result<void> Deeds::carry_out(const std::function<void(std::string_view)>& progress) const {
  for (const auto& deed : deeds_) {
    progress(deed.what);
    auto done = deed.act();
    if (done) continue;
    if (!deed.may_fail) return fail(std::move(done).error().with("{}", deed.what));
    progress("  " + done.error().describe());
  }
  return {};
}

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const auto& directory : split(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ':')) {
    if (::access((std::filesystem::path(directory) / name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace ferry::agent
