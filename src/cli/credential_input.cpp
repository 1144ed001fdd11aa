// SPDX-License-Identifier: Apache-2.0
#include "cli/credential_input.hpp"

#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <iterator>

#include "base/encoding.hpp"
#include "base/file.hpp"

namespace ferry::cli {
namespace {

// A terminal that shows nothing of what is typed, for as long as it lives.
class NoEcho {
 public:
  NoEcho() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::string ask(const std::string& prompt) {
  std::cerr << prompt << ": " << std::flush;
  std::string line;
  {
    const NoEcho quiet;
    std::getline(std::cin, line);
  }
  std::cerr << std::endl;
  return line;
}

Result<std::string> read_text(const std::string& file, const std::string& prompt) {
  if (!file.empty() && file != "-") return read_file(file);
  if (::isatty(STDIN_FILENO) == 1) return ask(prompt);
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

}  // namespace

Result<Secret> read_secret(const std::string& file, const std::string& prompt) {
  auto text = read_text(file, prompt);
  if (!text) return fail(std::move(text).error().with("read the {}", to_lower(prompt)));
  const auto trimmed = trim(*text);
  if (trimmed.empty()) {
    return fail(Error{Code::invalid_argument, fmt::format("the {} is empty", to_lower(prompt)),
                      "give it on standard input or in a file"});
  }
  return Secret(std::string(trimmed));
}

Result<json::object> read_credential(const CredentialArguments& arguments) {
  json::object credential{{"kind", arguments.kind}};
  if (!arguments.client_id.empty()) credential["clientId"] = arguments.client_id;
  if (!arguments.token_file.empty()) credential["tokenFile"] = arguments.token_file;
  if (arguments.kind == "client-secret") {
    auto secret = read_secret(arguments.secret_file, "Client secret");
    if (!secret) return fail(std::move(secret).error());
    credential["secret"] = secret->reveal();
  }
  if (arguments.kind == "client-certificate") {
    if (arguments.certificate_file.empty()) {
      return fail(Error{Code::invalid_argument, "--certificate-file is missing",
                        "a PEM file with the application's certificate and its private key"});
    }
    auto pem = read_secret(arguments.certificate_file, "Certificate and key");
    if (!pem) return fail(std::move(pem).error());
    credential["certificatePem"] = pem->reveal();
    credential["sendCertificateChain"] = arguments.send_chain;
  }
  return credential;
}

}  // namespace ferry::cli
