// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/service.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "drydock/iot_hub/authorization.hpp"
#include "drydock/iot_hub/deployment_engine.hpp"
#include "drydock/iot_hub/mqtt_session.hpp"
#include "drydock/iot_hub/rest.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::fail;
using ferry::net::HttpRequest;
using ferry::net::HttpResponse;
namespace mqtt = ferry::net::mqtt;

// The hub's name: the first label of its host name.
std::string hub_name(std::string_view host) {
  return ferry::to_lower(host.substr(0, std::min(host.find('.'), host.size())));
}

}  // namespace

ferry::Result<std::unique_ptr<IotHubService>> IotHubService::open(
    ferry::net::Executor executor, const ferry::Clock& clock, const Directory& directory,
    const Endpoints&, std::shared_ptr<event_hubs::EventStore> events,
    const std::filesystem::path& data) {
  auto store = Store::open(data / "iot_hub.db");
  if (!store) return fail(std::move(store).error());
  const auto settings_of = [&directory](std::string_view hub) {
    const auto info = directory.find_hub(hub);
    return info ? info->cloud_to_device : CloudToDeviceSettings();
  };
  auto cloud_to_device =
      CloudToDevice::open(data / "iot_hub_cloud_to_device.db", clock, settings_of);
  if (!cloud_to_device) return fail(std::move(cloud_to_device).error());
  auto jobs = Jobs::open(data / "iot_hub_jobs.db", executor, clock);
  if (!jobs) return fail(std::move(jobs).error());
  return std::unique_ptr<IotHubService>(
      new IotHubService(executor, clock, directory, *std::move(store), std::move(events),
                        *std::move(cloud_to_device), *std::move(jobs)));
}

IotHubService::IotHubService(ferry::net::Executor executor, const ferry::Clock& clock,
                             const Directory& directory, Store store,
                             std::shared_ptr<event_hubs::EventStore> events,
                             std::shared_ptr<CloudToDevice> cloud_to_device,
                             std::shared_ptr<Jobs> jobs)
    : executor_(executor),
      clock_(clock),
      directory_(directory),
      store_(std::move(store)),
      events_(std::move(events)),
      cloud_to_device_(std::move(cloud_to_device)),
      message_router_(directory, clock, events_),
      methods_(executor),
      jobs_(std::move(jobs)),
      router_(ferry::net::Router::Case::insensitive) {
  for (const Operation& operation : operations()) {
    router_.add(std::string(operation.method), operation.pattern, nullptr);
    operations_[{std::string(operation.method), operation.pattern}] = &operation;
  }
  cloud_to_device_->on_message(
      [this](const std::string& hub, const std::string& device) { notify_device(hub, device); });
  ferry::net::spawn(executor_, sweep(cloud_to_device_));
  jobs_->resume(methods_, [this](const std::string& name) -> std::shared_ptr<Hub> {
    const auto info = directory_.find_hub(name);
    return info ? find_hub(*info).value_or(nullptr) : nullptr;
  });
}

ferry::net::Task<void> IotHubService::sweep(std::weak_ptr<CloudToDevice> cloud_to_device) {
  for (;;) {
    co_await ferry::net::sleep_for(std::chrono::milliseconds(1000));
    const auto still_there = cloud_to_device.lock();
    if (!still_there) co_return;
    still_there->sweep();
  }
}

ferry::net::Task<void> IotHubService::evaluate(std::weak_ptr<Hub> hub,
                                               std::chrono::milliseconds interval) {
  for (;;) {
    co_await ferry::net::sleep_for(interval);
    const auto still_there = hub.lock();
    if (!still_there || still_there->is_retired()) co_return;
    DeploymentEngine(*still_there).rebuild();
    [[maybe_unused]] const auto saved = still_there->commit();  // logged; the next pass tries again
  }
}

void IotHubService::notify_device(const std::string& hub, const std::string& device) {
  const auto known = hubs_.find(hub);
  Entity* entity = known == hubs_.end() ? nullptr : known->second->find({device, ""});
  if (entity && entity->session) entity->session->messages_waiting();
}

IotHubService::~IotHubService() {
  cloud_to_device_->on_message(nullptr);
  jobs_->stop();
  for (const auto& [name, hub] : hubs_) hub->retire("the hub stops");
}

Outcome<std::shared_ptr<Hub>> IotHubService::find_hub(const HubInfo& info) {
  const std::string name = ferry::to_lower(info.name);
  const auto known = hubs_.find(name);
  if (known != hubs_.end()) return known->second;
  auto hub = std::make_shared<Hub>(name, executor_, clock_, store_, cloud_to_device_);
  if (auto loaded = hub->load(); !loaded) {
    ferry::log::error("iot_hub", "{}", loaded.error().describe());
    return refuse(500001, "the hub's state cannot be read");
  }
  hub->tell(message_router_);
  if (evaluation_interval_) {
    hub->evaluate_in_passes();
    ferry::net::spawn(executor_, evaluate(hub, *evaluation_interval_));
  }
  hubs_[name] = hub;
  return hub;
}

Outcome<DeviceProof> IotHubService::authorize(const Operation& operation, const HubInfo& info,
                                              Hub& hub, const HttpRequest& request,
                                              const ferry::net::RouteParameters& parameters) const {
  const std::string header = request.headers.get_or("Authorization", "");
  if (header.empty() && !operation.device_itself) {
    return refuse(401002, "Unauthorized: there is no Authorization header");
  }
  if (operation.device_itself && !is_for_service(header)) {
    return authenticate_device(info, hub, {parameters.at("device"), ""}, header, request.peer);
  }
  auto allowed =
      authorize_service(info, header, request.path(), {operation.rights, operation.data_action},
                        {verifier_, &directory_}, clock_.now());
  if (!allowed) return refuse(std::move(allowed).error());
  return DeviceProof{"sas", std::nullopt};
}

ferry::net::Task<HttpResponse> IotHubService::handle(HttpRequest request) {
  auto response = co_await perform(std::move(request));
  if (!response) co_return to_response(response.error(), clock_.now());
  co_return *std::move(response);
}

ferry::net::Task<Outcome<HttpResponse>> IotHubService::perform(HttpRequest request) {
  const auto info = directory_.find_hub(hub_name(request.host()));
  if (!info) co_return refuse(404000, "there is no IoT hub '{}'", request.host());
  std::string path(request.path());
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const auto match = router_.match(request.method, path);
  const auto found = operations_.find({request.method, match.pattern});
  if (!match.handler || found == operations_.end()) {
    co_return refuse(match.refusal == 405 ? 405000 : 404000, "{} {} is not supported by Drydock",
                     request.method, path);
  }
  auto hub = find_hub(*info);
  if (!hub) co_return refuse(std::move(hub).error());
  const Operation& operation = *found->second;
  auto allowed = authorize(operation, *info, **hub, request, match.parameters);
  if (!allowed) co_return refuse(std::move(allowed).error());
  const bool has_module = operation.pattern.find("{module}") != std::string_view::npos;
  Services services{methods_, message_router_, *jobs_};
  Call call{request, match.parameters, **hub, services, *std::move(allowed), has_module};
  if (operation.run_later) {
    auto response = co_await operation.run_later(call);
    co_return response;
  }
  auto response = operation.run(call);
  // Reading goes on when nothing can be written.
  const bool reads = request.method == "GET" || operation.run == query_devices;
  auto saved = reads ? ferry::Result<void>() : (*hub)->commit();
  if (!saved) {
    co_return refuse(500001, "the change could not be stored");
  }
  co_return response;
}

ferry::net::Task<void> IotHubService::serve_device(std::shared_ptr<MqttLink> link,
                                                   mqtt::Connect connect) {
  const auto reject = [&](std::string_view why) {
    ferry::log::info("iot_hub", "CONNECT of '{}' refused: {}", connect.client_id, why);
    link->send(mqtt::Connack{false, mqtt::ConnectCode::not_authorized});
  };
  const auto name = parse_mqtt_user_name(connect.username.value_or(""));
  const auto info = name ? directory_.find_hub(hub_name(name->host)) : std::nullopt;
  auto hub = info ? find_hub(*info) : Outcome<std::shared_ptr<Hub>>(refuse(404000, "no such hub"));
  std::optional<std::string> refusal;
  std::optional<DeviceProof> proof;
  if (!name) {
    refusal = name.error().message;
  } else if (!hub) {
    refusal = hub.error().message;
  } else if (connect.client_id !=
             name->key.device + (name->key.module.empty() ? "" : "/" + name->key.module)) {
    refusal = "client id and user name differ";
  } else {
    const std::string sas = connect.password ? connect.password->reveal() : "";
    auto proven = authenticate_device(*info, **hub, name->key, sas, link->peer());
    if (proven) {
      proof = *std::move(proven);
    } else {
      refusal = proven.error().message;
    }
  }
  if (!refusal) {
    MqttSession session(*hub, name->key, *proof, link, message_router_, methods_);
    Entity* entity = (*hub)->find(name->key);
    if (entity && (!connect.will || session.accepts_will(*connect.will))) {
      (*hub)->attach(*entity, session);
      link->send(mqtt::Connack{});
      co_await session.run(std::move(connect));
      co_return;
    }
    refusal = "the will's topic is not one of the device";
  }
  reject(*refusal);
  co_await link->close_after_sending();
}

Outcome<void> IotHubService::send_to_device(std::string_view name, const std::string& device,
                                            CloudToDeviceMessage message) {
  const auto info = directory_.find_hub(name);
  if (!info) return refuse(404000, "there is no IoT hub '{}'", name);
  auto hub = find_hub(*info);
  if (!hub) return refuse(std::move(hub).error());
  auto entity = (*hub)->require({device, ""});
  if (!entity) return refuse(std::move(entity).error());
  auto sent = cloud_to_device_->enqueue((*hub)->name(), device, (*entity)->identity.generation_id,
                                        std::move(message));
  if (!sent) return refuse(std::move(sent).error());
  return {};
}

HubNumbers IotHubService::numbers(std::string_view name) {
  HubNumbers numbers;
  numbers.messages_today = message_router_.messages_today(ferry::to_lower(name));
  const auto info = directory_.find_hub(name);
  const auto hub = info ? find_hub(*info) : Outcome<std::shared_ptr<Hub>>(refuse(404000, "no hub"));
  if (!hub) return numbers;
  for (const auto& [id, device] : (*hub)->devices()) {
    ++numbers.devices;
    if (device.self.identity.enabled) ++numbers.enabled_devices;
  }
  return numbers;
}

EndpointRecord IotHubService::endpoint_record(std::string_view hub,
                                              std::string_view endpoint) const {
  return message_router_.endpoint_record(ferry::to_lower(hub), endpoint);
}

void IotHubService::on_deleted(ResourceKind kind, std::string_view name) {
  if (kind != ResourceKind::iot_hub) return;
  const std::string hub = ferry::to_lower(name);
  if (const auto known = hubs_.find(hub); known != hubs_.end()) {
    known->second->retire("its hub was deleted");
    hubs_.erase(known);
  }
  auto erased = store_.erase(hub);
  if (erased) erased = events_->erase(built_in_log(hub));
  if (erased) erased = cloud_to_device_->erase_hub(hub);
  if (erased) erased = jobs_->erase_hub(hub);
  message_router_.forget(hub);
  if (!erased) ferry::log::error("iot_hub", "erase hub {}: {}", hub, erased.error().describe());
}

Outcome<bool> IotHubService::provision(std::string_view hub_host, const ProvisionedDevice& device) {
  const auto info = directory_.find_hub(hub_name(hub_host));
  if (!info) return refuse(404000, "there is no IoT hub '{}'", hub_host);
  auto found = find_hub(*info);
  if (!found) return refuse(std::move(found).error());
  Hub& hub = **found;
  const EntityKey key{device.device_id, ""};
  IdentityRequest request;
  if (device.sha256_thumbprint.empty()) {
    request.authentication = Authentication::sas;
    request.primary_key = std::string(device.primary_key.reveal());
    request.secondary_key = std::string(device.secondary_key.reveal());
  } else {
    request.authentication = Authentication::self_signed;
    request.primary_thumbprint = device.sha256_thumbprint;
    request.secondary_thumbprint = device.sha256_thumbprint;
  }
  request.enabled = true;
  request.iot_edge = device.iot_edge;
  const bool is_new = hub.find(key) == nullptr;
  auto entity =
      is_new ? hub.create_device(device.device_id, request) : hub.update(key, request, "*");
  if (!entity) return refuse(std::move(entity).error());
  if (is_new || device.reset_twin) {
    Hub::TwinChange change;
    change.tags = device.tags;
    change.desired = device.desired;
    change.replace = device.reset_twin;
    entity = hub.change_twin(key, change, "*");
    if (!entity) return refuse(std::move(entity).error());
  }
  if (!hub.commit()) return refuse(500001, "the device could not be stored");
  return is_new;
}

std::optional<DeviceRegistry::TwinData> IotHubService::twin_data(std::string_view hub_host,
                                                                 const std::string& device_id) {
  const auto info = directory_.find_hub(hub_name(hub_host));
  if (!info) return std::nullopt;
  const auto hub = find_hub(*info);
  const Entity* device = hub ? (*hub)->find({device_id, ""}) : nullptr;
  if (!device) return std::nullopt;
  return TwinData{device->twin.tags, device->twin.desired.values};
}

Outcome<void> IotHubService::withdraw(std::string_view hub_host, const std::string& device_id) {
  const auto info = directory_.find_hub(hub_name(hub_host));
  if (!info) return {};
  auto hub = find_hub(*info);
  if (!hub) return refuse(std::move(hub).error());
  if (!(*hub)->find_device(device_id)) return {};
  auto removed = (*hub)->remove_device(device_id, "*");
  if (!removed) return removed;
  if (!(*hub)->commit()) return refuse(500001, "the change could not be stored");
  return {};
}

}  // namespace drydock::iot_hub
