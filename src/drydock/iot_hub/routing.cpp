// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/routing.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"

namespace drydock::iot_hub::routing {

using ferry::equals_ignore_case;
using ferry::Result;

namespace {

constexpr std::string_view kBody = "$body";
constexpr std::string_view kTwin = "$twin";

const json::value* descend(const json::value& root, const query::Path& path, std::size_t from) {
  const json::value* value = &root;
  for (std::size_t i = from; i < path.size(); ++i) {
    const json::object* object = value->if_object();
    value = object == nullptr ? nullptr : object->if_contains(path[i]);
    if (value == nullptr) return nullptr;
  }
  return value;
}

const json::value* find_ignoring_case(const json::object& object, std::string_view name) {
  for (const auto& member : object) {
    if (equals_ignore_case(member.key(), name)) return &member.value();
  }
  return nullptr;
}

bool body_is_json(const Message& message) {
  const std::string type = ferry::to_lower(ferry::string_or(message.system, "contentType", ""));
  const std::string encoding =
      ferry::to_lower(ferry::string_or(message.system, "contentEncoding", ""));
  return type.starts_with("application/json") && encoding == "utf-8";
}

class MessageSource final : public query::Source {
 public:
  explicit MessageSource(const Message& message) : message_(message), twin_(message.twin) {}

  query::Found find(const query::Path& path) const override {
    if (path.empty()) return {};
    if (equals_ignore_case(path[0], kBody)) {
      const json::value* body = parsed_body();
      return {body == nullptr ? nullptr : descend(*body, path, 1), std::nullopt};
    }
    if (equals_ignore_case(path[0], kTwin)) return {descend(twin_, path, 1), std::nullopt};
    if (path[0].starts_with('$')) {
      if (path.size() > 1) return {};
      return {find_ignoring_case(message_.system, std::string_view(path[0]).substr(1)),
              std::nullopt};
    }
    std::string name = path[0];
    for (std::size_t i = 1; i < path.size(); ++i) name += "." + path[i];
    return {find_ignoring_case(message_.application, name), std::nullopt};
  }

 private:
  // Only when a condition asks for it.
  const json::value* parsed_body() const {
    if (!body_read_) {
      body_read_ = true;
      if (body_is_json(message_)) {
        auto parsed = ferry::parse_json(message_.body);
        if (parsed) body_ = *std::move(parsed);
      }
    }
    return body_ ? &*body_ : nullptr;
  }

  const Message& message_;
  const json::value twin_;
  mutable bool body_read_ = false;
  mutable std::optional<json::value> body_;
};

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// "$iothubname", "$twin.tags.site" and the like; what leads nowhere is taken as it stands.
std::string enrichment_value(const std::string& value, std::string_view hub,
                             const Message& message) {
  if (equals_ignore_case(value, "$iothubname")) return std::string(hub);
  const std::vector<std::string> path = ferry::split(value, '.');
  if (path.size() < 2 || !equals_ignore_case(path[0], kTwin)) return value;
  const json::value twin(message.twin);
  const json::value* found = descend(twin, path, 1);
  return found == nullptr ? value : text_of(*found);
}

// Short names in property bags, and what conditions call them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kSystemNames = {
    {{"$.mid", "messageId"},
     {"$.cid", "correlationId"},
     {"$.uid", "userId"},
     {"$.ct", "contentType"},
     {"$.ce", "contentEncoding"},
     {"$.on", "outputName"},
     {"$.sub", "dt-subject"},
     {"$.ctime", "creationTimeUtc"}}};

}  // namespace

Result<query::Expression> parse_condition(std::string_view text) {
  if (ferry::trim(text).empty()) return query::parse_condition("true");
  return query::parse_condition(text);
}

query::Truth evaluate(const query::Expression& condition, const Message& message) {
  return query::evaluate(condition, MessageSource(message));
}

Table::Table(const HubRouting& routing)
    : enrichments_(routing.enrichments),
      endpoints_(routing.endpoints),
      fallback_(routing.fallback_enabled) {
  for (const HubRoute& route : routing.routes) {
    auto condition = parse_condition(route.condition);
    if (condition && route.enabled) routes_.push_back({route, *std::move(condition)});
  }
}

bool Table::has_route_for(std::string_view source) const {
  return std::ranges::any_of(routes_, [&](const CompiledRoute& compiled) {
    return equals_ignore_case(compiled.route.source, source);
  });
}

std::vector<std::string> Table::endpoints_of(std::string_view source,
                                             const Message& message) const {
  std::vector<std::string> targets;
  bool taken = false;
  const MessageSource values(message);
  for (const CompiledRoute& compiled : routes_) {
    if (!equals_ignore_case(compiled.route.source, source)) continue;
    if (query::evaluate(compiled.condition, values) != query::Truth::yes) continue;
    taken = true;
    const std::string& endpoint = compiled.route.endpoint;
    if (std::ranges::find(targets, endpoint) == targets.end()) targets.push_back(endpoint);
  }
  const bool falls_back = !taken && fallback_ && equals_ignore_case(source, kDeviceMessages);
  if (falls_back) targets.emplace_back(kBuiltIn);
  return targets;
}

std::map<std::string, std::string> Table::enrichments_of(std::string_view endpoint,
                                                         std::string_view hub,
                                                         const Message& message) const {
  std::map<std::string, std::string> added;
  for (const HubEnrichment& enrichment : enrichments_) {
    if (std::ranges::find(enrichment.endpoints, endpoint) == enrichment.endpoints.end()) continue;
    added[enrichment.key] = enrichment_value(enrichment.value, hub, message);
  }
  return added;
}

const RoutingEndpoint* Table::find_endpoint(std::string_view name) const {
  const auto found = std::ranges::find_if(
      endpoints_, [&](const RoutingEndpoint& endpoint) { return endpoint.name == name; });
  return found == endpoints_.end() ? nullptr : &*found;
}

void read_property_bag(std::string_view bag, Message& message) {
  for (const std::string& part : ferry::split(bag, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const std::string name = ferry::percent_decode(std::string_view(part).substr(0, equals));
    const std::string value =
        equals == std::string::npos
            ? ""
            : ferry::percent_decode(std::string_view(part).substr(equals + 1));
    if (!name.starts_with("$.")) {
      message.application[name] = value;
      continue;
    }
    const auto* known =
        std::ranges::find_if(kSystemNames, [&](const auto& entry) { return entry.first == name; });
    message.system[known == kSystemNames.end() ? std::string_view(name) : known->second] = value;
  }
}

}  // namespace drydock::iot_hub::routing
