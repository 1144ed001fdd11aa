// SPDX-License-Identifier: Apache-2.0
#include "cli/device_command.hpp"

#include <algorithm>
#include <cctype>

#include "base/file.hpp"
#include "base/json.hpp"
#include "cli/child_process.hpp"
#include "net/http_client.hpp"

namespace ferry::cli {
namespace {

bool plain_in_shell(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-_./:=@%+,").find(c) != std::string_view::npos;
}

// A device that reaches ferryd on loopback is this machine, where the agent may not be in PATH.
std::string agent_program(const std::string& url) {
  const auto parsed = net::parse_url(url);
  const bool here = parsed && (parsed->host.starts_with("127.") || parsed->host == "::1" ||
                               parsed->host == "localhost" || parsed->host.ends_with(".localhost"));
  if (!here) return "ferry-agent";
  const auto beside = sibling_program("ferry-agent");
  return beside ? beside->string() : "ferry-agent";
}

std::string environment_ca(const Profile& profile) {
  if (profile.drydock_environment.empty()) return "";
  const auto text = read_file(profile.drydock_environment);
  if (!text) return "";
  const auto environment = parse_json_object(*text);
  return environment ? string_or(*environment, "caFile", "") : "";
}

}  // namespace

std::string shell_word(const std::string& text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain_in_shell)) return text;
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string device_command(const Profile& profile, const Secret& token) {
  const auto agent = shell_word(agent_program(profile.url));
  std::string command = fmt::format("FERRY_NODE_TOKEN={} {} register --server {}",
                                    shell_word(token.reveal()), agent, shell_word(profile.url));
  if (!profile.ca_file.empty()) command += " --ca-file " + shell_word(profile.ca_file.string());
  command += " && ";
  for (const auto& [name, value] : device_environment(profile)) {
    command += fmt::format("{}={} ", name, shell_word(value));
  }
  command += agent + " run";
  const auto ca = environment_ca(profile);
  if (!ca.empty()) command += " --environment-ca " + shell_word(ca);
  return command;
}

std::string install_command(const Profile& profile, const std::string& public_key_pin) {
  const std::string url = profile.url + "/install.sh";
  // The pin is checked also where the CA is unknown (curl(1), --pinnedpubkey).
  const std::string fetch = profile.ca_file.empty() || public_key_pin.empty()
                                ? fmt::format("curl -fsSL {}", shell_word(url))
                                : fmt::format("curl -fsSLk --pinnedpubkey {} {}",
                                              shell_word(public_key_pin), shell_word(url));
  return fetch + " | sudo sh -s --";
}

std::vector<std::pair<std::string, std::string>> device_environment(const Profile& profile) {
  std::vector<std::pair<std::string, std::string>> environment;
  if (!profile.localhost_address.empty()) {
    environment.emplace_back("FERRY_LOCALHOST_ADDRESS", profile.localhost_address);
  }
  if (profile.mqtt_port != 0) {
    environment.emplace_back("FERRY_MQTT_PORT", std::to_string(profile.mqtt_port));
  }
  return environment;
}

std::string local_cloud_ca(const Profile& profile) {
  const auto file = environment_ca(profile);
  return file.empty() ? "" : read_file(file).value_or(std::string());
}

}  // namespace ferry::cli
