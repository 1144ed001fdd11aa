// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/configurations.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "drydock/iot_hub/composition.hpp"
#include "drydock/iot_hub/query_run.hpp"

namespace drydock::iot_hub {
namespace {

constexpr std::string_view kDesired = "properties.desired";

Outcome<void> validate_configuration_id(std::string_view id) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-+%_*!'";
  if (id.empty() || id.size() > 128 || id.find_first_not_of(kAllowed) != std::string_view::npos) {
    return refuse(400004, "a configuration id has 1 to 128 lower-case letters, digits and -+%_*!'");
  }
  return {};
}

// "properties.desired.a.b" is {"a", "b"}.
std::optional<query::Path> path_of(std::string_view key) {
  if (!key.starts_with(kDesired)) return std::nullopt;
  key.remove_prefix(kDesired.size());
  if (key.empty()) return query::Path();
  if (!key.starts_with('.') || key.size() == 1) return std::nullopt;
  return ferry::split(key.substr(1), '.');
}

Outcome<void> add_settings(const std::string& module, const json::object& content,
                           std::vector<Setting>& settings) {
  const std::string_view whose = module.empty() ? "the content" : std::string_view(module);
  json::object sample;
  for (const auto& [key, value] : content) {
    auto path = path_of(key);
    if (!path) {
      return refuse(400402, "{} has '{}': only {} is allowed", whose, std::string_view(key),
                    kDesired);
    }
    if (path->empty() && !value.is_object()) {
      return refuse(400402, "{} of {} is not an object", kDesired, whose);
    }
    put_at(sample, *path, value);
    settings.push_back({module, *std::move(path), value});
  }
  auto valid = validate_values(without_nulls(sample));
  if (valid) valid = validate_size(without_nulls(sample), kSectionLimit, kDesired);
  if (!valid) return refuse(400402, "{}: {}", whose, valid.error().message);
  return {};
}

struct Content {
  Configuration::Kind kind;
  std::vector<Setting> settings;
};

Outcome<Content> parse_modules_content(const json::object& modules) {
  Content content{Configuration::Kind::layer, {}};
  const json::object* agent = ferry::find_object(modules, "$edgeAgent");
  if (!agent) return refuse(400402, "modulesContent needs $edgeAgent");
  if (agent->contains(kDesired)) content.kind = Configuration::Kind::base;
  for (const auto& [module, value] : modules) {
    if (auto valid = validate_id(module, "module id"); !valid) {
      return refuse(400402, "{}", valid.error().message);
    }
    if (!value.is_object()) {
      return refuse(400402, "the content of {} is not an object", std::string_view(module));
    }
    auto added = add_settings(module, value.get_object(), content.settings);
    if (!added) return refuse(std::move(added).error());
  }
  return content;
}

Outcome<Content> parse_content(const json::object& content) {
  std::vector<std::string_view> kinds;
  for (std::string_view kind : {"deviceContent", "moduleContent", "modulesContent"}) {
    const json::value* value = content.if_contains(kind);
    if (value && value->is_object()) kinds.push_back(kind);
  }
  if (kinds.size() != 1) {
    return refuse(400402,
                  "content has exactly one of deviceContent, moduleContent and modulesContent");
  }
  const json::object& inside = content.at(kinds[0]).get_object();
  Outcome<Content> parsed;
  if (kinds[0] == "modulesContent") {
    parsed = parse_modules_content(inside);
  } else {
    const bool devices = kinds[0] == "deviceContent";
    parsed = Content{devices ? Configuration::Kind::devices : Configuration::Kind::modules, {}};
    auto added = add_settings("", inside, parsed->settings);
    if (!added) return refuse(std::move(added).error());
  }
  if (parsed) {
    std::ranges::sort(parsed->settings, [](const Setting& one, const Setting& other) {
      return std::pair(one.path.size(), std::tie(one.module, one.path)) <
             std::pair(other.path.size(), std::tie(other.module, other.path));
    });
  }
  return parsed;
}

// A bare condition on devices, or "FROM devices.modules WHERE ..." on modules.
ferry::Result<query::Expression> parse_target(std::string_view text, bool modules) {
  if (!modules) return query::parse_condition(text);
  auto select = query::parse_select(fmt::format("SELECT * {}", text));
  if (!select) return ferry::fail(std::move(select).error());
  if (select->from != query::Select::From::modules) {
    return ferry::fail(ferry::Code::invalid_argument, "modules are targeted FROM devices.modules");
  }
  if (select->where) return *std::move(select->where);
  return query::parse_condition("*");
}

Outcome<void> set_condition(Configuration& configuration) {
  if (ferry::trim(configuration.target_condition).empty()) {
    configuration.condition.reset();
    return {};
  }
  auto condition = parse_target(configuration.target_condition,
                                configuration.kind == Configuration::Kind::modules);
  if (!condition) return refuse(400401, "targetCondition: {}", condition.error().message);
  configuration.condition = *std::move(condition);
  return {};
}

Outcome<void> set_metrics(Configuration& configuration, const json::object& body) {
  const json::object* metrics = ferry::find_object(body, "metrics");
  const json::object* queries = metrics ? ferry::find_object(*metrics, "queries") : nullptr;
  configuration.metric_queries = queries ? *queries : json::object();
  if (configuration.metric_queries.size() > kMetricLimit) {
    return refuse(400404, "a configuration has at most {} metric queries", kMetricLimit);
  }
  for (const auto& [name, query] : configuration.metric_queries) {
    if (!query.is_string()) return refuse(400404, "metric {} is not text", std::string_view(name));
    const auto parsed = query::parse_select(query.get_string());
    if (!parsed) {
      return refuse(400404, "metric {}: {}", std::string_view(name), parsed.error().message);
    }
  }
  return {};
}

}  // namespace

Outcome<std::map<std::string, json::object>> desired_of(const json::object& content) {
  auto parsed = parse_content(content);
  if (!parsed) return refuse(std::move(parsed).error());
  if (parsed->kind != Configuration::Kind::base) {
    return refuse(400402, "modulesContent needs $edgeAgent with {}", kDesired);
  }
  Configuration alone;
  alone.settings = std::move(parsed->settings);
  return compose(alone, {}).desired;
}

Outcome<Configuration> parse_configuration(const std::string& id, const json::object& body,
                                           ferry::Timestamp now) {
  if (auto valid = validate_configuration_id(id); !valid) return refuse(std::move(valid).error());
  Configuration configuration;
  configuration.id = id;
  configuration.schema_version = ferry::string_or(body, "schemaVersion", "1.0");
  if (const auto* labels = ferry::find_object(body, "labels")) configuration.labels = *labels;
  if (const auto* content = ferry::find_object(body, "content")) configuration.content = *content;
  configuration.target_condition = ferry::string_or(body, "targetCondition", "");
  configuration.priority = ferry::int_or(body, "priority", 0);
  if (configuration.priority < 0 || configuration.priority > 0x7FFFFFFF) {
    return refuse(400004, "priority is a number from 0 to 2147483647");
  }
  for (const auto& [name, value] : configuration.labels) {
    if (!value.is_string()) return refuse(400004, "label {} is not text", std::string_view(name));
  }
  configuration.created = now;
  configuration.updated = now;
  auto content = parse_content(configuration.content);
  if (!content) return refuse(std::move(content).error());
  configuration.kind = content->kind;
  configuration.settings = std::move(content->settings);
  auto done = set_condition(configuration);
  if (done) done = set_metrics(configuration, body);
  if (!done) return refuse(std::move(done).error());
  return configuration;
}

Outcome<Configuration> update_configuration(const Configuration& current, Configuration wanted) {
  if (wanted.content != current.content || wanted.schema_version != current.schema_version) {
    return refuse(400403, "the content of a configuration cannot be changed: make a new one");
  }
  wanted.created = current.created;
  wanted.etag = current.etag + 1;
  wanted.targeted = current.targeted;
  wanted.applied = current.applied;
  return wanted;
}

json::object system_queries(const Configuration& configuration) {
  const bool modules = configuration.kind == Configuration::Kind::modules;
  const std::string from = fmt::format("select deviceId from devices{}", modules ? ".modules" : "");
  std::string targeted;
  if (configuration.condition) {
    std::string condition = ferry::trim(configuration.target_condition) == "*"
                                ? ""
                                : fmt::format("({})", configuration.target_condition);
    if (configuration.is_edge()) {
      condition = "capabilities.iotEdge = true" + (condition.empty() ? "" : " and " + condition);
    }
    targeted = modules             ? "select deviceId " + configuration.target_condition
               : condition.empty() ? from
                                   : from + " where " + condition;
  }
  if (!configuration.is_edge()) {
    return {{"targetedCount", targeted},
            {"appliedCount", fmt::format("{} where configurations.[[{}]].status = 'Applied'", from,
                                         configuration.id)}};
  }
  const std::string applied = fmt::format(
      "select deviceId from devices.modules where moduleId = '$edgeAgent' and "
      "configurations.[[{}]].status = 'Applied'",
      configuration.id);
  const std::string reported =
      applied +
      " and properties.desired.$version = properties.reported.lastDesiredVersion and "
      "properties.reported.lastDesiredStatus.code ";
  return {{"targetedCount", targeted},
          {"appliedCount", applied},
          {"reportedSuccessfulCount", reported + "= 200"},
          {"reportedFailedCount", reported + "!= 200"}};
}

json::object configuration_json(const Hub& hub, const Configuration& configuration) {
  const json::object queries = system_queries(configuration);
  // The engine keeps which devices are targeted and which carry the mark; what they report is asked
  // of those alone, with the query that is shown.
  const auto reported = [&](std::string_view name) {
    const auto select = query::parse_select(queries.at(name).get_string());
    FERRY_CHECK(select.has_value());
    std::int64_t count = 0;
    for (const std::string& id : configuration.applied) {
      const Device* device = hub.find_device(id);
      if (!device) continue;
      const auto agent = device->modules.find("$edgeAgent");
      if (agent == device->modules.end()) continue;
      if (query::matches(*select->where, TwinSource(*device, agent->second))) ++count;
    }
    return count;
  };
  json::object system{{"targetedCount", configuration.targeted.size()},
                      {"appliedCount", configuration.applied.size()}};
  if (configuration.is_edge()) {
    system["reportedSuccessfulCount"] = reported("reportedSuccessfulCount");
    system["reportedFailedCount"] = reported("reportedFailedCount");
  }
  json::object results;
  for (const auto& [name, query] : configuration.metric_queries) {
    const auto select = query::parse_select(query.get_string());
    if (select) results[name] = count_matches(hub, *select);
  }
  return {{"id", configuration.id},
          {"schemaVersion", configuration.schema_version},
          {"labels", configuration.labels},
          {"content", configuration.content},
          {"targetCondition", configuration.target_condition},
          {"createdTimeUtc", ferry::format_rfc3339(configuration.created)},
          {"lastUpdatedTimeUtc", ferry::format_rfc3339(configuration.updated)},
          {"priority", configuration.priority},
          {"systemMetrics", {{"results", std::move(system)}, {"queries", queries}}},
          {"metrics", {{"results", std::move(results)}, {"queries", configuration.metric_queries}}},
          {"etag", registry_etag(configuration.etag)}};
}

json::object test_queries(const json::object& body) {
  json::value condition_error = nullptr;
  if (const auto condition = ferry::optional_string(body, "targetCondition")) {
    const bool modules = ferry::to_upper(ferry::trim(*condition)).starts_with("FROM");
    const auto parsed = parse_target(*condition, modules);
    if (!parsed && !ferry::trim(*condition).empty()) condition_error = parsed.error().message;
  }
  json::object metric_errors;
  if (const auto* queries = ferry::find_object(body, "customMetricQueries")) {
    for (const auto& [name, query] : *queries) {
      const auto parsed =
          query::parse_select(query.is_string() ? std::string_view(query.get_string()) : "");
      if (!parsed) metric_errors[name] = parsed.error().message;
    }
  }
  return {{"targetConditionError", std::move(condition_error)},
          {"customMetricQueryErrors", std::move(metric_errors)}};
}

json::object to_storage(const Configuration& configuration) {
  return {{"id", configuration.id},
          {"schemaVersion", configuration.schema_version},
          {"labels", configuration.labels},
          {"content", configuration.content},
          {"targetCondition", configuration.target_condition},
          {"priority", configuration.priority},
          {"metrics", {{"queries", configuration.metric_queries}}},
          {"created", configuration.created.time_since_epoch().count()},
          {"updated", configuration.updated.time_since_epoch().count()},
          {"etag", configuration.etag}};
}

Outcome<Configuration> configuration_from_storage(const json::object& stored) {
  const auto time = [&](std::string_view name) {
    return ferry::Timestamp(std::chrono::milliseconds(ferry::int_or(stored, name, 0)));
  };
  auto configuration =
      parse_configuration(ferry::string_or(stored, "id", ""), stored, time("created"));
  if (!configuration) return configuration;
  configuration->updated = time("updated");
  configuration->etag = ferry::int_or(stored, "etag", 1);
  return configuration;
}

}  // namespace drydock::iot_hub
