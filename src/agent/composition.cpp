// SPDX-License-Identifier: Apache-2.0
#include "agent/composition.hpp"

#include <algorithm>
#include <charconv>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr std::string_view kCreateOptions = "createOptions";
constexpr std::size_t kPieceSize = 512;

tl::unexpected<DesiredRefusal> refuse(int code, std::string description) {
  return tl::unexpected(DesiredRefusal{code, std::move(description)});
}

template <class Enum, std::size_t N>
Result<Enum> parse_enum(const json::object& object, std::string_view member, Enum fallback,
                        const std::pair<std::string_view, Enum> (&table)[N]) {
  const json::value* value = object.if_contains(member);
  if (!value || value->is_null()) return fallback;
  if (value->is_string()) {
    for (const auto& [text, parsed] : table) {
      if (equals_ignore_case(text, value->as_string())) return parsed;
    }
  }
  return fail(Code::invalid_argument, "{} is {}, which is none of its values", member,
              json::serialize(*value));
}

constexpr std::pair<std::string_view, DesiredStatus> kStatuses[] = {
    {"running", DesiredStatus::running}, {"stopped", DesiredStatus::stopped}};
constexpr std::pair<std::string_view, RestartPolicy> kRestartPolicies[] = {
    {"never", RestartPolicy::never},
    {"on-failure", RestartPolicy::on_failure},
    {"on-unhealthy", RestartPolicy::on_unhealthy},
    {"always", RestartPolicy::always}};
constexpr std::pair<std::string_view, ImagePullPolicy> kPullPolicies[] = {
    {"on-create", ImagePullPolicy::on_create}, {"never", ImagePullPolicy::never}};

template <class Enum, std::size_t N>
std::string_view name_in(Enum value, const std::pair<std::string_view, Enum> (&table)[N]) {
  for (const auto& [text, entry] : table) {
    if (entry == value) return text;
  }
  return table[0].first;
}

bool valid_module_name(std::string_view name) {
  if (name.empty() || name.size() > 100) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

Result<json::object> parse_env(const json::object& module) {
  const json::value* env = module.if_contains("env");
  if (!env || env->is_null()) return json::object();
  if (!env->is_object()) return fail(Code::invalid_argument, "env is not an object");
  for (const auto& [name, entry] : env->as_object()) {
    const json::value* value = entry.is_object() ? entry.as_object().if_contains("value") : nullptr;
    if (!value || !(value->is_string() || value->is_number() || value->is_bool())) {
      return fail(Code::invalid_argument, "env.{} has no value that is a text, number or boolean",
                  std::string_view(name));
    }
  }
  return env->as_object();
}

Result<std::uint32_t> parse_startup_order(const json::object& module) {
  const json::value* order = module.if_contains("startupOrder");
  if (!order || order->is_null()) return UINT32_MAX;
  const auto number = optional_int(module, "startupOrder");
  if (!number || *number < 0 || *number > std::int64_t{UINT32_MAX}) {
    return fail(Code::invalid_argument, "startupOrder is {}, not 0 to 4294967295",
                json::serialize(*order));
  }
  return static_cast<std::uint32_t>(*number);
}

Result<ModuleSpec> parse_module(std::string_view name, const json::value& value) {
  if (!value.is_object()) return fail(Code::invalid_argument, "it is not an object");
  const json::object& module = value.as_object();
  ModuleSpec spec;
  spec.name = name;
  if (!equals_ignore_case(string_or(module, "type", ""), "docker")) {
    return fail(Code::invalid_argument, "its type is not 'docker'");
  }
  auto status = parse_enum(module, "status", DesiredStatus::running, kStatuses);
  if (!status) return fail(std::move(status).error());
  auto restart = parse_enum(module, "restartPolicy", RestartPolicy::on_unhealthy, kRestartPolicies);
  if (!restart) return fail(std::move(restart).error());
  auto pull = parse_enum(module, "imagePullPolicy", ImagePullPolicy::on_create, kPullPolicies);
  if (!pull) return fail(std::move(pull).error());
  auto order = parse_startup_order(module);
  if (!order) return fail(std::move(order).error());
  auto env = parse_env(module);
  if (!env) return fail(std::move(env).error());
  auto settings = require_object(module, "settings");
  if (!settings) return fail(std::move(settings).error());
  auto image = require_string(*settings, "image");
  if (!image) return fail(std::move(image).error());
  if (trim(*image).empty()) return fail(Code::invalid_argument, "settings.image is empty");
  auto options = join_create_options(*settings);
  if (!options) return fail(std::move(options).error());
  spec.version = string_or(module, "version", "");
  spec.status = *status;
  spec.restart_policy = *restart;
  spec.image_pull_policy = *pull;
  spec.startup_order = *order;
  spec.env = *std::move(env);
  spec.image = trim(*image);
  spec.create_options = *std::move(options);
  return spec;
}

Result<void> parse_runtime(const json::object& desired, Composition& composition) {
  const json::object* runtime = find_object(desired, "runtime");
  if (!runtime) return fail(Code::invalid_argument, "runtime is missing");
  if (!equals_ignore_case(string_or(*runtime, "type", ""), "docker")) {
    return fail(Code::invalid_argument, "runtime.type is not 'docker'");
  }
  const json::object* settings = find_object(*runtime, "settings");
  if (!settings) return {};
  composition.min_docker_version = string_or(*settings, "minDockerVersion", "");
  composition.logging_options = string_or(*settings, "loggingOptions", "");
  if (!trim(composition.logging_options).empty()) {
    if (!parse_json_object(composition.logging_options)) {
      return fail(Code::invalid_argument, "runtime.settings.loggingOptions is not a JSON object");
    }
  }
  const json::object* credentials = find_object(*settings, "registryCredentials");
  if (!credentials) return {};
  for (const auto& [id, entry] : *credentials) {
    if (!entry.is_object()) {
      return fail(Code::invalid_argument, "registryCredentials.{} is not an object",
                  std::string_view(id));
    }
    const json::object& fields = entry.as_object();
    composition.registry_credentials.push_back({string_or(fields, "address", ""),
                                                string_or(fields, "username", ""),
                                                Secret(string_or(fields, "password", ""))});
  }
  return {};
}

// "1.1" -> 1; nothing when the text does not start with a number.
std::optional<int> major_version(std::string_view text) {
  int major = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), major);
  if (error != std::errc() || (end != text.data() + text.size() && *end != '.')) return {};
  return major;
}

bool is_empty(const json::object& desired) {
  return std::all_of(desired.begin(), desired.end(),
                     [](const auto& member) { return member.key().starts_with('$'); });
}

}  // namespace

std::string_view to_string(DesiredStatus status) {
  return name_in(status, kStatuses);
}
std::string_view to_string(RestartPolicy policy) {
  return name_in(policy, kRestartPolicies);
}
std::string_view to_string(ImagePullPolicy policy) {
  return name_in(policy, kPullPolicies);
}

std::string ModuleSpec::fingerprint(std::string_view hub_host) const {
  // Members in the order of their names: the twin does not promise any order.
  std::map<std::string_view, std::string> sorted;
  for (const auto& [name_of, value] : env) {
    sorted.emplace(name_of, json::serialize(*value.as_object().if_contains("value")));
  }
  json::array parts = {json::string_view(version), json::string_view(image),
                       json::string_view(create_options),
                       json::string_view(hub_host.data(), hub_host.size())};
  for (const auto& [name_of, value] : sorted) {
    parts.emplace_back(json::string_view(name_of.data(), name_of.size()));
    parts.emplace_back(value);
  }
  return hex_encode(sha256(json::serialize(parts))).substr(0, 32);
}

const RegistryCredential* Composition::credential_for(std::string_view image) const {
  const std::string registry = registry_of(image);
  for (const auto& credential : registry_credentials) {
    std::string_view address = credential.address;
    if (const auto scheme = address.find("://"); scheme != std::string_view::npos) {
      address.remove_prefix(scheme + 3);
    }
    if (equals_ignore_case(address.substr(0, address.find('/')), registry)) return &credential;
  }
  return nullptr;
}

tl::expected<Composition, DesiredRefusal> parse_composition(const json::object& desired) {
  if (is_empty(desired)) return refuse(417, "the desired properties are empty");
  const auto schema = optional_string(desired, "schemaVersion");
  if (!schema) return refuse(400, "schemaVersion is missing");
  const auto major = major_version(*schema);
  if (!major) return refuse(400, fmt::format("schemaVersion '{}' is not a version", *schema));
  if (*major != 1) return refuse(412, fmt::format("schemaVersion {} is not 1.x", *schema));

  Composition composition;
  composition.version = int_or(desired, "$version", 0);
  if (auto runtime = parse_runtime(desired, composition); !runtime) {
    return refuse(400, runtime.error().describe());
  }
  const json::object* system = find_object(desired, "systemModules");
  if (!system) return refuse(400, "systemModules is missing");
  if (const auto* edge_agent = find_object(*system, "edgeAgent")) {
    composition.edge_agent = *edge_agent;
  }
  if (const auto* edge_hub = find_object(*system, "edgeHub")) composition.edge_hub = *edge_hub;

  if (const json::value* modules = desired.if_contains("modules"); modules && !modules->is_null()) {
    if (!modules->is_object()) return refuse(400, "modules is not an object");
    for (const auto& [name, value] : modules->as_object()) {
      if (!valid_module_name(name)) {
        return refuse(400, fmt::format("'{}' is not a module name", std::string_view(name)));
      }
      auto spec = parse_module(name, value);
      if (!spec) {
        return refuse(
            400, fmt::format("module {}: {}", std::string_view(name), spec.error().describe()));
      }
      composition.modules.emplace(name, *std::move(spec));
    }
  }
  return composition;
}

Result<std::string> join_create_options(const json::object& settings) {
  std::map<int, std::string_view> pieces;  // 0 is the unnumbered one
  for (const auto& [key, value] : settings) {
    const std::string_view name = key;
    if (!equals_ignore_case(name.substr(0, kCreateOptions.size()), kCreateOptions)) continue;
    const std::string_view digits = name.substr(kCreateOptions.size());
    int number = 0;
    if (!digits.empty()) {
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error != std::errc() || end != digits.data() + digits.size() || digits.size() != 2) {
        continue;
      }
    }
    if (value.is_null()) continue;
    if (!value.is_string()) {
      return fail(Code::invalid_argument, "settings.{} is not a text", name);
    }
    if (!pieces.emplace(number, value.as_string()).second) {
      return fail(Code::invalid_argument, "settings.{} is there twice", name);
    }
  }
  std::string joined;
  int expected = 0;
  for (const auto& [number, piece] : pieces) {
    if (number != expected++) {
      return fail(Code::invalid_argument, "settings.createOptions{:02} is missing", expected - 1);
    }
    joined += piece;
  }
  if (!trim(joined).empty() && !parse_json_object(joined)) {
    return fail(Code::invalid_argument, "settings.createOptions is not a JSON object");
  }
  return std::string(trim(joined));
}

void put_create_options(json::object& settings, std::string_view text) {
  std::size_t number = 0;
  do {
    std::size_t length = std::min(kPieceSize, text.size());
    // A piece must be a text by itself, so it may not end inside a UTF-8 sequence.
    while (length < text.size() && length > 0 &&
           (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
      --length;
    }
    const std::string_view piece = text.substr(0, length);
    const std::string key =
        number == 0 ? std::string(kCreateOptions) : fmt::format("{}{:02}", kCreateOptions, number);
    settings[key] = json::string_view(piece.data(), piece.size());
    text.remove_prefix(length);
    ++number;
  } while (!text.empty() && number < 100);
}

std::string registry_of(std::string_view image) {
  const auto slash = image.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view first = image.substr(0, slash);
    if (first.find_first_of(".:") != std::string_view::npos || first == "localhost") {
      return to_lower(first);
    }
  }
  return "docker.io";
}

}  // namespace ferry::agent
