// SPDX-License-Identifier: Apache-2.0
#include "agent/hub_topics.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

// The raw text of `name` in "?$rid=1&$version=2": a rid is echoed byte for byte, never decoded.
std::optional<std::string> bag_value(std::string_view bag, std::string_view name) {
  for (const auto& item : split(bag, '&')) {
    const auto equals = item.find('=');
    if (equals == std::string::npos) continue;
    if (percent_decode(item.substr(0, equals)) == name) return item.substr(equals + 1);
  }
  return std::nullopt;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

HubTopic parse_hub_topic(std::string_view topic) {
  const auto question = topic.find("/?");
  if (question == std::string_view::npos) return {};
  std::string_view path = topic.substr(0, question);
  const std::string_view bag = topic.substr(question + 2);
  if (path == "$iothub/twin/PATCH/properties/desired") {
    const auto text = bag_value(bag, "$version");
    const auto version = text ? parse_number<std::int64_t>(*text) : std::nullopt;
    if (!version) return {};
    return DesiredPatch{*version};
  }
  const auto rid = bag_value(bag, "$rid");
  if (!rid) return {};
  if (take_prefix(path, "$iothub/twin/res/")) {
    const auto status = parse_number<int>(path);
    if (!status) return {};
    return TwinReply{*status, *rid};
  }
  if (take_prefix(path, "$iothub/methods/POST/")) {
    if (path.empty()) return {};
    return MethodCall{std::string(path), *rid};
  }
  return {};
}

std::string twin_get_topic(std::string_view rid) {
  return fmt::format("$iothub/twin/GET/?$rid={}", rid);
}

std::string reported_patch_topic(std::string_view rid) {
  return fmt::format("$iothub/twin/PATCH/properties/reported/?$rid={}", rid);
}

std::string method_reply_topic(int status, std::string_view rid) {
  return fmt::format("$iothub/methods/res/{}/?$rid={}", status, rid);
}

}  // namespace ferry::agent
