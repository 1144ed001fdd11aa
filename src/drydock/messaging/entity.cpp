// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/entity.hpp"

#include <array>
#include <charconv>

#include "base/encoding.hpp"

namespace drydock::messaging {

using ferry::Code;
using ferry::equals_ignore_case;
using ferry::fail;
using ferry::Result;

namespace {

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> parse_partition(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number < 0 || *number > 100'000) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

std::optional<EntityAddress> parse_entity(std::string_view text) {
  const std::vector<std::string> parts = ferry::split(text, '/');
  EntityAddress address;
  address.hub = parts[0];
  if (address.hub.empty()) return std::nullopt;
  if (parts.size() == 1 && equals_ignore_case(parts[0], "$management")) {
    address.kind = EntityAddress::Kind::management;
    address.hub.clear();
    return address;
  }
  if (parts.size() == 1) return address;
  if (parts.size() == 2 && equals_ignore_case(parts[1], "$management")) {
    address.kind = EntityAddress::Kind::management;
    return address;
  }
  if (parts.size() == 3 && equals_ignore_case(parts[1], "Partitions")) {
    const auto partition = parse_partition(parts[2]);
    if (!partition) return std::nullopt;
    address.kind = EntityAddress::Kind::partition;
    address.partition = *partition;
    return address;
  }
  if (parts.size() == 5 && equals_ignore_case(parts[1], "ConsumerGroups") &&
      equals_ignore_case(parts[3], "Partitions")) {
    const auto partition = parse_partition(parts[4]);
    if (!partition) return std::nullopt;
    address.kind = EntityAddress::Kind::consumer;
    address.group = parts[2];
    address.partition = *partition;
    return address;
  }
  return std::nullopt;
}

Result<StartPosition> parse_selector(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, StartPosition::Field>, 3> kFields = {
      {{"amqp.annotation.x-opt-offset", StartPosition::Field::offset},
       {"amqp.annotation.x-opt-sequence-number", StartPosition::Field::sequence_number},
       {"amqp.annotation.x-opt-enqueued-time", StartPosition::Field::enqueued_time}}};
  const auto unknown = [&] {
    return fail(Code::invalid_argument, "the filter '{}' is not one that event hubs know", text);
  };
  const std::size_t greater = text.find('>');
  if (greater == std::string_view::npos) return unknown();
  StartPosition position;
  const std::string_view name = ferry::trim(text.substr(0, greater));
  const auto* field = std::find_if(kFields.begin(), kFields.end(),
                                   [&](const auto& known) { return known.first == name; });
  if (field == kFields.end()) return unknown();
  position.field = field->second;
  std::string_view rest = text.substr(greater + 1);
  if (rest.starts_with('=')) {
    position.inclusive = true;
    rest.remove_prefix(1);
  }
  rest = ferry::trim(rest);
  if (rest.size() >= 2 && rest.front() == '\'' && rest.back() == '\'') {
    rest = rest.substr(1, rest.size() - 2);
  }
  if (rest == "@latest" && position.field == StartPosition::Field::offset) {
    position.latest = true;
    return position;
  }
  const auto value = parse_number(rest);
  if (!value) return unknown();
  position.value = *value;
  return position;
}

}  // namespace drydock::messaging
