// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "oci/digest.hpp"
#include "oci/image.hpp"

namespace ferry::oci {
namespace {

constexpr const char* kEpoch = "1970-01-01T00:00:00Z";

std::vector<std::string> read_list(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto* items = find_array(object, name);
  if (!items) return texts;
  for (const auto& item : *items) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

// Sets are written as objects with empty values.
std::vector<std::string> read_set(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto* members = find_object(object, name);
  if (!members) return texts;
  for (const auto& member : *members) texts.emplace_back(member.key());
  return texts;
}

void write_list(json::object& object, const char* name, const std::vector<std::string>& texts) {
  if (!texts.empty()) object[name] = json::array(texts.begin(), texts.end());
}

void write_set(json::object& object, const char* name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json::object members;
  for (const auto& text : texts) members[text] = json::object();
  object[name] = std::move(members);
}

void read_run_options(const json::object& options, ImageConfig& config) {
  config.user = string_or(options, "User", "");
  config.environment = read_list(options, "Env");
  config.entrypoint = read_list(options, "Entrypoint");
  config.command = read_list(options, "Cmd");
  config.working_directory = string_or(options, "WorkingDir", "");
  config.exposed_ports = read_set(options, "ExposedPorts");
  config.volumes = read_set(options, "Volumes");
  config.stop_signal = string_or(options, "StopSignal", "");
  if (const auto* labels = find_object(options, "Labels")) {
    for (const auto& [name, value] : *labels) {
      if (value.is_string()) config.labels.emplace(name, std::string(value.get_string()));
    }
  }
}

json::object write_run_options(const ImageConfig& config) {
  json::object options;
  if (!config.user.empty()) options["User"] = config.user;
  write_set(options, "ExposedPorts", config.exposed_ports);
  write_list(options, "Env", config.environment);
  write_list(options, "Entrypoint", config.entrypoint);
  write_list(options, "Cmd", config.command);
  write_set(options, "Volumes", config.volumes);
  if (!config.working_directory.empty()) options["WorkingDir"] = config.working_directory;
  if (!config.labels.empty()) {
    json::object labels;
    for (const auto& [name, value] : config.labels) labels[name] = value;
    options["Labels"] = std::move(labels);
  }
  if (!config.stop_signal.empty()) options["StopSignal"] = config.stop_signal;
  return options;
}

}  // namespace

Result<ImageConfig> parse_config(std::string_view text) {
  auto object = parse_json_object(text);
  if (!object) return fail(std::move(object).error().with("read the image configuration"));
  ImageConfig config;
  config.platform = {string_or(*object, "architecture", ""), string_or(*object, "os", ""),
                     string_or(*object, "variant", "")};
  const auto* root = find_object(*object, "rootfs");
  if (!root) return fail(Code::invalid_argument, "the image configuration has no rootfs");
  config.diff_ids = read_list(*root, "diff_ids");
  for (const auto& diff_id : config.diff_ids) {
    if (!is_digest(diff_id)) {
      return fail(Code::invalid_argument, "the image configuration has a malformed diff_id");
    }
  }
  if (const auto* options = find_object(*object, "config")) read_run_options(*options, config);
  if (const auto* history = find_array(*object, "history")) {
    for (const auto& item : *history) {
      const auto* entry = item.if_object();
      if (!entry) continue;
      config.history.push_back(
          {string_or(*entry, "created_by", ""), bool_or(*entry, "empty_layer", false)});
    }
  }
  return config;
}

std::string write_config(const ImageConfig& config) {
  json::object object{{"created", kEpoch},
                      {"architecture", config.platform.architecture},
                      {"os", config.platform.os}};
  if (!config.platform.variant.empty()) object["variant"] = config.platform.variant;
  object["config"] = write_run_options(config);
  object["rootfs"] = {{"type", "layers"},
                      {"diff_ids", json::array(config.diff_ids.begin(), config.diff_ids.end())}};
  json::array history;
  for (const auto& entry : config.history) {
    json::object item{{"created", kEpoch}, {"created_by", entry.created_by}};
    if (entry.empty_layer) item["empty_layer"] = true;
    history.push_back(std::move(item));
  }
  if (!history.empty()) object["history"] = std::move(history);
  return json::serialize(object);
}

}  // namespace ferry::oci
