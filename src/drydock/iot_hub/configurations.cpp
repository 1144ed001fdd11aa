// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/configurations.hpp"

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

// Puts `value` where the dotted `path` leads to; objects are made on the way.
void put_at(json::object& target, std::string_view path, const json::value& value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    target[path] = value;
    return;
  }
  json::value& inner = target[path.substr(0, dot)];
  if (!inner.is_object()) inner = json::object();
  put_at(inner.get_object(), path.substr(dot + 1), value);
}

Outcome<json::object> desired_of_module(std::string_view module, const json::object& content) {
  json::object desired;
  if (const json::object* whole = ferry::find_object(content, kDesired)) desired = *whole;
  for (const auto& [key, value] : content) {
    if (key == kDesired) {
      if (!value.is_object()) return refuse(400402, "{} of {} is not an object", kDesired, module);
    } else if (std::string_view(key).starts_with("properties.desired.")) {
      put_at(desired, std::string_view(key).substr(kDesired.size() + 1), value);
    } else {
      return refuse(400402, "{} has '{}': only {} is allowed", module, std::string_view(key),
                    kDesired);
    }
  }
  desired = without_nulls(desired);
  auto valid = validate_values(desired);
  if (valid) valid = validate_size(desired, kSectionLimit, kDesired);
  if (!valid) return refuse(400402, "{}: {}", module, valid.error().message);
  return desired;
}

Outcome<void> validate_content(const json::object& content) {
  std::size_t kinds = 0;
  for (const char* kind : {"deviceContent", "moduleContent", "modulesContent"}) {
    const json::value* value = content.if_contains(kind);
    if (value && !value->is_null()) ++kinds;
  }
  if (kinds != 1) {
    return refuse(400402,
                  "content has exactly one of deviceContent, moduleContent and modulesContent");
  }
  const json::object* modules = ferry::find_object(content, "modulesContent");
  if (!modules) {
    return refuse(501000, "Drydock applies IoT Edge deployments (modulesContent) only");
  }
  const json::object* agent = ferry::find_object(*modules, "$edgeAgent");
  if (!agent || !agent->contains(kDesired)) {
    if (!agent || !agent->empty()) {
      for (const auto& [key, value] : agent ? *agent : json::object()) {
        if (std::string_view(key).starts_with("properties.desired.")) {
          return refuse(501000, "layered deployments are not supported by Drydock");
        }
      }
    }
    return refuse(400402, "modulesContent needs $edgeAgent with {}", kDesired);
  }
  return {};
}

Outcome<void> set_condition(Configuration& configuration) {
  if (ferry::trim(configuration.target_condition).empty()) {
    configuration.condition.reset();
    return {};
  }
  auto condition = query::parse_condition(configuration.target_condition);
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
  if (auto valid = validate_content(content); !valid) return refuse(std::move(valid).error());
  std::map<std::string, json::object> result;
  for (const auto& [module, value] : content.at("modulesContent").as_object()) {
    if (auto valid = validate_id(module, "module id"); !valid) {
      return refuse(400402, "{}", valid.error().message);
    }
    if (!value.is_object()) {
      return refuse(400402, "the content of {} is not an object", std::string_view(module));
    }
    auto desired = desired_of_module(module, value.get_object());
    if (!desired) return refuse(std::move(desired).error());
    result.emplace(module, *std::move(desired));
  }
  return result;
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
  auto desired = desired_of(configuration.content);
  if (!desired) return refuse(std::move(desired).error());
  configuration.desired = *std::move(desired);
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
  const std::string targeted = "select deviceId from devices where capabilities.iotEdge = true";
  const std::string applied = fmt::format(
      "select deviceId from devices.modules where moduleId = '$edgeAgent' and "
      "configurations.[[{}]].status = 'Applied'",
      configuration.id);
  const std::string reported =
      applied +
      " and properties.desired.$version = properties.reported.lastDesiredVersion and "
      "properties.reported.lastDesiredStatus.code ";
  std::string targeted_query;
  if (configuration.target_condition == "*") {
    targeted_query = targeted;
  } else if (configuration.condition) {
    targeted_query = fmt::format("{} and ({})", targeted, configuration.target_condition);
  }
  return {{"targetedCount", targeted_query},
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
          {"systemMetrics",
           {{"results",
             {{"targetedCount", configuration.targeted.size()},
              {"appliedCount", configuration.applied.size()},
              {"reportedSuccessfulCount", reported("reportedSuccessfulCount")},
              {"reportedFailedCount", reported("reportedFailedCount")}}},
            {"queries", queries}}},
          {"metrics", {{"results", std::move(results)}, {"queries", configuration.metric_queries}}},
          {"etag", registry_etag(configuration.etag)}};
}

json::object test_queries(const json::object& body) {
  json::value condition_error = nullptr;
  if (const auto condition = ferry::optional_string(body, "targetCondition")) {
    const auto parsed = query::parse_condition(*condition);
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
