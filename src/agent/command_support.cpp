// SPDX-License-Identifier: Apache-2.0
#include "agent/command_support.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "base/encoding.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

// Standard input may be a pipe, as under `curl | sh`: the terminal is asked.
class Terminal {
 public:
  Terminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
  }
  ~Terminal() {
    if (changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Empty when there is no terminal.
  std::string ask(std::string_view question) const {
    if (!changed_ || !write(question)) return "";
    std::string line;
    char c = 0;
    while (::read(descriptor_, &c, 1) == 1 && c != '\n') line += c;
    write("\n");
    return line;
  }

 private:
  bool write(std::string_view text) const {
    return ::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  int descriptor_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

int report_failure(const Error& error) {
  fmt::print(stderr, "ferry-agent: {}\n", error.describe());
  if (!error.hint.empty()) fmt::print(stderr, "  {}\n", error.hint);
  return 1;
}

Result<std::string> read_pem(const std::string& path) {
  if (path.empty()) return std::string();
  auto text = read_file(path);
  if (!text) return text;
  if (auto parsed = x509::parse_chain(*text); !parsed) {
    return fail(std::move(parsed).error().with("read the certificates in {}", path));
  }
  return text;
}

Result<Secret> read_token(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (!file.empty()) {
    auto content = read_file(file);
    if (!content) return fail(std::move(content).error().with("read the token"));
    text = *std::move(content);
  } else if (const char* variable = std::getenv("FERRY_NODE_TOKEN")) {
    text = variable;
  } else {
    text = Terminal().ask("Token of this node (not shown): ");
  }
  const std::string token(trim(text));
  if (token.empty()) {
    return fail(Error{Code::invalid_argument, "there is no token"}.advise(
        "give it in FERRY_NODE_TOKEN, or with --token-file FILE, or --token-file - for standard "
        "input"));
  }
  return Secret(token);
}

Result<AgentSettings> update_settings(const DataDirectory& directory,
                                      const SettingsChange& change) {
  auto settings = load_or_make_settings(directory);
  if (!settings) return settings;
  const AgentSettings before = *settings;
  if (!change.cloud_ca_pem.empty()) settings->cloud_ca_pem = change.cloud_ca_pem;
  if (!change.server_ca_pem.empty()) settings->server_ca_pem = change.server_ca_pem;
  if (!change.key_type.empty()) settings->key_type = change.key_type;
  if (change.keep_key) settings->keep_key = true;
  if (!change.runtime.empty()) settings->runtime = change.runtime;
  if (*settings == before) return settings;
  if (auto saved = directory.save(*settings); !saved) return fail(std::move(saved).error());
  return settings;
}

}  // namespace ferry::agent
