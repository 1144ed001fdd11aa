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
  if (!profile.localhost_address.empty()) {
    command += fmt::format("FERRY_LOCALHOST_ADDRESS={} ", shell_word(profile.localhost_address));
  }
  if (profile.mqtt_port != 0) command += fmt::format("FERRY_MQTT_PORT={} ", profile.mqtt_port);
  command += agent + " run";
  const auto ca = environment_ca(profile);
  if (!ca.empty()) command += " --environment-ca " + shell_word(ca);
  return command;
}

}  // namespace ferry::cli
