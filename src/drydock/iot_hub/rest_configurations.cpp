// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "drydock/iot_hub/configurations.hpp"
#include "drydock/iot_hub/deployment_engine.hpp"
#include "drydock/iot_hub/rest.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::net::HttpResponse;

HttpResponse configuration_response(const Hub& hub, const Configuration& configuration,
                                    int status = 200) {
  auto response = json_response(status, configuration_json(hub, configuration));
  response.headers.set("ETag", fmt::format("\"{}\"", registry_etag(configuration.etag)));
  return response;
}

Outcome<Configuration*> require(Call& call) {
  const std::string& id = call.parameters.at("id");
  const auto found = call.hub.configurations().find(id);
  if (found == call.hub.configurations().end()) {
    return refuse(404301, "there is no configuration {}", id);
  }
  return &found->second;
}

Outcome<void> check_etag(const Configuration& configuration, const std::string& if_match) {
  if (if_match.empty() || if_match == "*" || if_match == registry_etag(configuration.etag)) {
    return {};
  }
  return refuse(412001, "the ETag does not match: the configuration was changed in the meantime");
}

Outcome<HttpResponse> create(Call& call, Configuration wanted) {
  auto& configurations = call.hub.configurations();
  if (configurations.contains(wanted.id)) {
    return refuse(409401, "the configuration {} exists already", wanted.id);
  }
  if (configurations.size() >= kConfigurationLimit) {
    return refuse(413101, "the hub has {} configurations, which is the limit", kConfigurationLimit);
  }
  const std::string id = wanted.id;
  Configuration& stored = configurations.emplace(id, std::move(wanted)).first->second;
  call.hub.mark_dirty(stored);
  DeploymentEngine(call.hub).configuration_changed(stored);
  return configuration_response(call.hub, stored);
}

}  // namespace

Outcome<HttpResponse> list_configurations(Call& call) {
  std::size_t top = kConfigurationLimit;
  if (const auto wanted = call.request.query_value("top")) {
    const auto parsed = std::from_chars(wanted->data(), wanted->data() + wanted->size(), top);
    if (parsed.ec != std::errc() || top == 0) return refuse(400004, "top is not a number above 0");
  }
  json::array result;
  for (const auto& [id, configuration] : call.hub.configurations()) {
    if (result.size() >= top) break;
    result.push_back(configuration_json(call.hub, configuration));
  }
  return json_response(200, result);
}

Outcome<HttpResponse> get_configuration(Call& call) {
  auto found = require(call);
  if (!found) return refuse(std::move(found).error());
  return configuration_response(call.hub, **found);
}

Outcome<HttpResponse> put_configuration(Call& call) {
  auto body = call.body();
  if (!body) return refuse(std::move(body).error());
  const std::string& id = call.parameters.at("id");
  if (ferry::string_or(*body, "id", id) != id) {
    return refuse(400004, "the ids in the body and in the URL differ");
  }
  auto wanted = parse_configuration(id, *body, call.hub.now());
  if (!wanted) return refuse(std::move(wanted).error());
  if (call.if_match().empty()) return create(call, *std::move(wanted));
  auto found = require(call);
  if (!found) return refuse(std::move(found).error());
  auto matched = check_etag(**found, call.if_match());
  if (!matched) return refuse(std::move(matched).error());
  auto updated = update_configuration(**found, *std::move(wanted));
  if (!updated) return refuse(std::move(updated).error());
  Configuration& stored = **found;
  stored = *std::move(updated);
  call.hub.mark_dirty(stored);
  DeploymentEngine(call.hub).configuration_changed(stored);
  return configuration_response(call.hub, stored);
}

Outcome<HttpResponse> delete_configuration(Call& call) {
  auto found = require(call);
  if (!found) return refuse(std::move(found).error());
  auto matched = check_etag(**found, call.if_match());
  if (!matched) return refuse(std::move(matched).error());
  DeploymentEngine(call.hub).configuration_removed(call.parameters.at("id"));
  HttpResponse response;
  response.status = 204;
  return response;
}

Outcome<HttpResponse> test_configuration(Call& call) {
  auto body = call.body();
  if (!body) return refuse(std::move(body).error());
  return json_response(200, test_queries(*body));
}

Outcome<HttpResponse> apply_configuration_content(Call& call) {
  auto body = call.body();
  if (!body) return refuse(std::move(body).error());
  const std::string& id = call.parameters.at("device");
  Device* device = call.hub.find_device(id);
  if (!device) return refuse(404001, "there is no device {}", id);
  if (!device->self.identity.iot_edge) {
    return refuse(400004, "the device {} is not an IoT Edge device", id);
  }
  auto desired = desired_of(*body);
  if (!desired) return refuse(std::move(desired).error());
  DeploymentEngine engine(call.hub);
  engine.apply_content(*device, *desired);
  engine.device_changed(*device);  // an automatic deployment wins over it
  HttpResponse response;
  response.status = 204;
  return response;
}

}  // namespace drydock::iot_hub
