// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/node_report.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace ferry::control {
namespace {

// "0001-01-01T00:00:00" means never.
std::string time_or_nothing(const json::object& object, std::string_view name) {
  auto text = string_or(object, name, "");
  return text.starts_with("0001-") ? std::string() : text;
}

ModuleStatus read_module(const std::string& name, const json::object& object) {
  ModuleStatus status;
  status.name = name;
  status.version = string_or(object, "version", "");
  status.status = string_or(object, "status", "");
  status.runtime_status = string_or(object, "runtimeStatus", "unknown");
  status.description = string_or(object, "statusDescription", "");
  status.exit_code = int_or(object, "exitCode", 0);
  status.restart_count = int_or(object, "restartCount", 0);
  status.last_start_time = time_or_nothing(object, "lastStartTimeUtc");
  if (const auto* settings = find_object(object, "settings")) {
    status.image = string_or(*settings, "image", "");
    status.image_digest = string_or(*settings, "imageHash", "");
  }
  return status;
}

std::optional<Timestamp> last_updated(const json::object& section) {
  const auto* metadata = find_object(section, "$metadata");
  if (!metadata) return std::nullopt;
  const auto text = time_or_nothing(*metadata, "$lastUpdated");
  if (text.empty()) return std::nullopt;
  auto time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return *time;
}

std::string applied_configuration(const azure::Twin& twin) {
  for (const auto& [id, status] : twin.configurations) {
    if (status == "Applied") return id;
  }
  return {};
}

// The deployment that the hub applied to this twin, when the device has looked at it since: taken,
// or tried and gone back from (ferry-agent's "ferry.returned", docs/devices.md).
void read_acknowledgement(const azure::Twin& twin, NodeReport& report) {
  const auto wanted = optional_int(twin.desired, "$version");
  const auto taken = optional_int(twin.reported, "lastDesiredVersion");
  if (!wanted || !taken || *wanted != *taken) return;
  const auto* ferry = find_object(twin.reported, "ferry");
  const auto* returned = ferry ? find_object(*ferry, "returned") : nullptr;
  if (returned && optional_int(*returned, "from") == *wanted) {
    report.returned_from = applied_configuration(twin);
    report.returned_because = string_or(*returned, "reason", "");
    return;
  }
  report.configuration = applied_configuration(twin);
}

// IoT Edge names architectures as .NET and as uname do; images name them as Go does.
std::string platform_of(const json::object& reported) {
  const auto* platform = find_path(reported, "runtime.platform");
  if (!platform || !platform->is_object()) return {};
  const auto os = to_lower(string_or(platform->as_object(), "os", ""));
  const auto architecture = to_lower(string_or(platform->as_object(), "architecture", ""));
  static const std::map<std::string, std::string, std::less<>> kArchitectures{
      {"x86_64", "amd64"},  {"x64", "amd64"},      {"amd64", "amd64"},
      {"aarch64", "arm64"}, {"arm64", "arm64"},    {"armv7l", "arm/v7"},
      {"arm", "arm/v7"},    {"arm32v7", "arm/v7"}, {"riscv64", "riscv64"}};
  const auto found = kArchitectures.find(architecture);
  if (os.empty() || found == kArchitectures.end()) return {};
  return os + "/" + found->second;
}

}  // namespace

NodeReport read_node_report(const azure::Twin& twin) {
  NodeReport report;
  report.connected = twin.connection_state == "Connected";
  read_acknowledgement(twin, report);
  report.platform = platform_of(twin.reported);
  if (const auto* disk = find_object(twin.reported, "disk")) {
    report.free_bytes = optional_int(*disk, "freeBytes");
  }
  if (const auto* status = find_object(twin.reported, "lastDesiredStatus")) {
    report.desired_status =
        NodeView::DesiredStatus{int_or(*status, "code", 0), string_or(*status, "description", "")};
    report.last_reported_at = last_updated(twin.reported);
  }
  if (const auto* modules = find_object(twin.reported, "modules")) {
    for (const auto& [name, value] : *modules) {
      if (value.is_object()) {
        report.modules.push_back(read_module(std::string(name), value.as_object()));
      }
    }
  }
  std::sort(report.modules.begin(), report.modules.end(),
            [](const ModuleStatus& a, const ModuleStatus& b) { return a.name < b.name; });
  return report;
}

}  // namespace ferry::control
