// SPDX-License-Identifier: Apache-2.0
#include "fleet/names.hpp"

#include <algorithm>
#include <vector>

#include "base/encoding.hpp"

namespace ferry::fleet {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool all_of(std::string_view text, bool (*accept)(char)) {
  return std::all_of(text.begin(), text.end(), accept);
}

// What is shown of a name that is wrong: never all of a huge one, never control characters.
std::string shown(std::string_view text) {
  std::string result(text.substr(0, 80));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text.size() > 80 ? result + "..." : result;
}

bool is_numeric_identifier(std::string_view text) {
  return !text.empty() && all_of(text, is_digit) && (text == "0" || text[0] != '0');
}

bool is_identifier(std::string_view text) {
  return !text.empty() && all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

struct VersionParts {
  std::vector<std::string> core;        // three numbers
  std::vector<std::string> prerelease;  // empty for a release
};

// Semantic Versioning 2.0.0, items 2, 9 and 10.
bool parse_version(std::string_view text, VersionParts& parts) {
  const auto plus = text.find('+');
  if (plus != std::string_view::npos) {
    for (const auto& part : split(text.substr(plus + 1), '.')) {
      if (!is_identifier(part)) return false;
    }
    text = text.substr(0, plus);
  }
  const auto hyphen = text.find('-');
  if (hyphen != std::string_view::npos) {
    parts.prerelease = split(text.substr(hyphen + 1), '.');
    for (const auto& part : parts.prerelease) {
      if (!is_identifier(part)) return false;
      if (all_of(part, is_digit) && !is_numeric_identifier(part)) return false;
    }
    text = text.substr(0, hyphen);
  }
  parts.core = split(text, '.');
  return parts.core.size() == 3 &&
         std::all_of(parts.core.begin(), parts.core.end(), is_numeric_identifier);
}

int sign(int value) {
  return value < 0 ? -1 : (value > 0 ? 1 : 0);
}

int compare_numbers(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return sign(a.compare(b));
}

int compare_identifiers(const std::string& a, const std::string& b) {
  const bool a_is_number = all_of(a, is_digit);
  const bool b_is_number = all_of(b, is_digit);
  if (a_is_number && b_is_number) return compare_numbers(a, b);
  if (a_is_number != b_is_number) return a_is_number ? -1 : 1;
  return sign(a.compare(b));
}

}  // namespace

Result<void> check_label(std::string_view what, std::string_view name, std::size_t max) {
  const bool characters =
      all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
  if (!name.empty() && name.size() <= max && characters && name.front() != '-' &&
      name.back() != '-') {
    return {};
  }
  return fail(Code::invalid_argument,
              "'{}' is not a {}: use 1 to {} lower-case letters, digits and hyphens, with a letter "
              "or digit at both ends",
              shown(name), what, max);
}

Result<void> check_workspace_name(std::string_view name) {
  // Azure resource names are made of it (azure_names.hpp): the IoT Hub's has 50 characters at most.
  if (name.size() == 1) {
    return fail(Code::invalid_argument, "'{}' is not a workspace name: it needs 2 characters",
                shown(name));
  }
  return check_label("workspace name", name, 32);
}

Result<void> check_account_name(std::string_view name) {
  return check_label("cloud account name", name, 63);
}
Result<void> check_group_name(std::string_view name) {
  return check_label("node group name", name, 63);
}
Result<void> check_node_name(std::string_view name) {
  return check_label("node name", name, 63);
}
Result<void> check_deployment_name(std::string_view name) {
  return check_label("deployment name", name, 63);
}

Result<void> check_component_name(std::string_view name) {
  auto label = check_label("component name", name, 63);
  if (!label) return label;
  if (name == "edgeagent" || name == "edgehub") {
    return fail(Code::invalid_argument, "'{}' is the name of a module of the runtime itself", name);
  }
  return {};
}

Result<void> check_version(std::string_view version) {
  VersionParts parts;
  if (version.size() <= 64 && parse_version(version, parts)) return {};
  return fail(Code::invalid_argument,
              "'{}' is not a version: use semantic versioning, such as 1.4.0 or 2.0.0-beta.1",
              shown(version));
}

Result<void> check_location(std::string_view location) {
  if (!location.empty() && location.size() <= 40 &&
      all_of(location, [](char c) { return is_lower(c) || is_digit(c); })) {
    return {};
  }
  return fail(Code::invalid_argument, "'{}' is not a location, such as westeurope",
              shown(location));
}

Result<void> check_platform(std::string_view platform) {
  const auto parts = split(platform, '/');
  const bool shape = parts.size() == 2 || (parts.size() == 3 && parts[2].size() <= 8);
  const bool words = std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && all_of(part, [](char c) { return is_lower(c) || is_digit(c); });
  });
  if (shape && words && parts[0] == "linux" && parts[1].size() <= 16) return {};
  return fail(Code::invalid_argument,
              "'{}' is not a platform: use linux/amd64, linux/arm64 or linux/arm/v7",
              shown(platform));
}

Result<void> check_repository(std::string_view repository) {
  // The distribution specification's name grammar, without its rarer separators.
  bool valid = !repository.empty() && repository.size() <= 200;
  for (const auto& part : split(repository, '/')) {
    const bool characters = all_of(part, [](char c) {
      return is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
    });
    valid = valid && !part.empty() && characters && is_alnum(part.front()) && is_alnum(part.back());
  }
  if (valid) return {};
  return fail(Code::invalid_argument, "'{}' is not an image repository, such as base/busybox",
              shown(repository));
}

Result<void> check_tag(std::string_view tag) {
  const bool characters =
      all_of(tag, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
  if (!tag.empty() && tag.size() <= 128 && characters && tag[0] != '.' && tag[0] != '-') return {};
  return fail(Code::invalid_argument, "'{}' is not an image tag, such as 1.35", shown(tag));
}

Result<void> check_file_path(std::string_view path) {
  bool valid = !path.empty() && path.size() <= 512;
  for (const auto& part : split(path, '/')) {
    valid = valid && !part.empty() && part != "." && part != "..";
  }
  valid = valid && all_of(path, [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '\\';
          });
  if (valid) return {};
  return fail(Code::invalid_argument,
              "'{}' is not a file path: it must be relative, with '/' between its parts and "
              "without '.' or '..'",
              shown(path));
}

bool is_module_key(std::string_view key) {
  return !key.empty() && all_of(key, [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

int compare_versions(std::string_view a, std::string_view b) {
  VersionParts left;
  VersionParts right;
  FERRY_CHECK(parse_version(a, left) && parse_version(b, right));
  for (std::size_t i = 0; i < 3; ++i) {
    const int order = compare_numbers(left.core[i], right.core[i]);
    if (order != 0) return order;
  }
  if (left.prerelease.empty() || right.prerelease.empty()) {
    return static_cast<int>(left.prerelease.empty()) - static_cast<int>(right.prerelease.empty());
  }
  const std::size_t common = std::min(left.prerelease.size(), right.prerelease.size());
  for (std::size_t i = 0; i < common; ++i) {
    const int order = compare_identifiers(left.prerelease[i], right.prerelease[i]);
    if (order != 0) return order;
  }
  if (left.prerelease.size() == right.prerelease.size()) return 0;
  return left.prerelease.size() < right.prerelease.size() ? -1 : 1;
}

}  // namespace ferry::fleet
