// SPDX-License-Identifier: Apache-2.0
#include "drydock/cloud.hpp"

#include "base/json.hpp"
#include "net/websocket.hpp"

namespace drydock {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

namespace {

HttpResponse portal_page(const Endpoints& endpoints) {
  HttpResponse response;
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.body = fmt::format(
      "<!doctype html><title>Drydock</title><h1>Drydock</h1><p>The local cloud is up. Its Resource "
      "Manager is at <code>{}</code>; there is no portal beyond this page.</p>\n",
      endpoints.management_url());
  return response;
}

// RFC 9110 s.15.5.20: the request came to a server that does not answer for this name.
HttpResponse misdirected(const std::string& host) {
  HttpResponse response;
  response.status = 421;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  const json::object error{
      {"code", "UnknownHost"},
      {"message", fmt::format("Drydock has no service named '{}'. Services are told apart by host "
                              "name; 'drydock hosts' lists them.",
                              host)}};
  response.body = json::serialize(json::object{{"error", error}});
  return response;
}

// Where devices' and services' WebSockets are, of hubs and of provisioning services.
bool is_websocket_path(std::string_view path) {
  return equals_ignore_case(percent_decode(path), "/$iothub/websocket");
}

}  // namespace

Result<std::unique_ptr<Cloud>> Cloud::open(net::EventLoop& loop, const Clock& clock,
                                           CloudOptions options) {
  std::unique_ptr<Cloud> cloud(new Cloud(std::move(options)));
  auto opened = cloud->open_services(loop, clock);
  if (!opened) return fail(std::move(opened).error());
  return cloud;
}

Cloud::~Cloud() = default;

Result<void> Cloud::open_services(net::EventLoop& loop, const Clock& clock) {
  const std::filesystem::path& directory = options_.directory;
  const Endpoints& names = options_.endpoints;
  auto entra = Entra::open(directory / "entra.db", names, clock);
  if (!entra) return fail(std::move(entra).error());
  entra_ = *std::move(entra);

  arm::Options options;
  options.tenant_id = entra_->application().tenant_id;
  options.object_id = entra_->application().object_id;
  options.owners = entra_->owners();
  options.knows_principal = [entra = entra_.get()](std::string_view object_id) {
    return entra->knows_principal(object_id);
  };
  options.operation_delay = options_.operation_delay;
  options.enforce_limits = options_.enforce_limits;
  auto arm = arm::Arm::open(directory / "arm.db", names, *entra_, clock, std::move(options));
  if (!arm) return fail(std::move(arm).error());
  arm_ = *std::move(arm);
  arm_->decide_operations([faults = faults_](const HttpRequest& request) {
    std::optional<arm::OperationFailure> failure;
    if (const auto fault = faults->judge_operation(request.method, request.target)) {
      failure.emplace();
      failure->code = fault->code.empty() ? "InternalServerError" : fault->code;
      failure->message = fault->message.empty()
                             ? "The operation failed, as a fault of Drydock demands."
                             : fault->message;
    }
    return failure;
  });

  auto blob = BlobService::open(clock, *arm_, names, *entra_, directory);
  if (!blob) return fail(std::move(blob).error());
  blob_ = *std::move(blob);
  arm_->observe(*blob_);
  arm_->manage_containers(*blob_);

  auto registry = RegistryService::open(clock, *arm_, names, *entra_, directory);
  if (!registry) return fail(std::move(registry).error());
  registry_ = *std::move(registry);
  arm_->observe(*registry_);

  auto event_hubs = event_hubs::EventHubsService::open(loop.executor(), directory);
  if (!event_hubs) return fail(std::move(event_hubs).error());
  event_hubs_ = *std::move(event_hubs);
  arm_->observe(*event_hubs_);

  auto hubs = iot_hub::IotHubService::open(loop.executor(), clock, *arm_, names,
                                           event_hubs_->store(), directory);
  if (!hubs) return fail(std::move(hubs).error());
  iot_hub_ = *std::move(hubs);
  arm_->observe(*iot_hub_);
  arm_->observe_hubs(*iot_hub_);
  iot_hub_->trust(*entra_);
  if (options_.evaluation_interval.count() > 0) {
    iot_hub_->evaluate_every(options_.evaluation_interval);
  }

  auto provisioning =
      dps::ProvisioningService::open(loop.executor(), clock, *arm_, names, *iot_hub_, directory);
  if (!provisioning) return fail(std::move(provisioning).error());
  provisioning_ = *std::move(provisioning);
  arm_->observe(*provisioning_);
  mqtt_ = std::make_unique<dps::MqttGateway>(*iot_hub_, *provisioning_, *faults_);
  messaging_ = std::make_unique<messaging::MessagingService>(
      *arm_, *entra_, clock, event_hubs_->store(), *iot_hub_, names);
  loop.spawn(tick(arm_));
  return {};
}

std::optional<Service> Cloud::service_of(std::string_view host) {
  if (host == Endpoints::management_host()) return Service::arm;
  if (host == Endpoints::login_host()) return Service::entra;
  if (name_from_host(host, Endpoints::kBlobSuffix)) return Service::blob;
  if (name_from_host(host, Endpoints::kRegistrySuffix)) return Service::registry;
  if (name_from_host(host, Endpoints::kHubSuffix)) return Service::iot_hub;
  // "global" is the device endpoint of all provisioning services.
  if (name_from_host(host, Endpoints::kProvisioningSuffix)) return Service::dps;
  return std::nullopt;
}

net::Task<HttpResponse> Cloud::handle_http(HttpRequest request) {
  const std::string host = request.host();
  if (host == Endpoints::portal_host()) co_return portal_page(options_.endpoints);
  if (name_from_host(host, Endpoints::kServiceBusSuffix) &&
      equals_ignore_case(percent_decode(request.path()), messaging::kWebSocketPath)) {
    auto opened = co_await open_amqp_websocket(std::move(request));
    co_return opened;
  }
  const auto service = service_of(host);
  if (!service) co_return misdirected(host);
  net::HttpHandler next = [this, service](HttpRequest passed) {
    return serve(*service, std::move(passed));
  };
  auto response = co_await faults_->pass(*service, std::move(request), std::move(next));
  co_return response;
}

net::Task<HttpResponse> Cloud::open_websocket(HttpRequest request) {
  static constexpr std::string_view kProtocols[] = {"mqtt", messaging::kWebSocketProtocol};
  co_return net::accept_websocket(
      request, kProtocols,
      [this, host = request.host()](std::unique_ptr<net::Stream> stream, std::string protocol) {
        return protocol == messaging::kWebSocketProtocol
                   ? messaging_->serve(std::move(stream), host)
                   : handle_mqtt(std::move(stream));
      });
}

// Event Hubs, of which there is nothing but AMQP.
net::Task<HttpResponse> Cloud::open_amqp_websocket(HttpRequest request) {
  static constexpr std::string_view kProtocols[] = {messaging::kWebSocketProtocol};
  co_return net::accept_websocket(
      request, kProtocols,
      [this, host = request.host()](std::unique_ptr<net::Stream> stream, std::string) {
        return messaging_->serve(std::move(stream), host);
      });
}

net::Task<HttpResponse> Cloud::serve(Service service, HttpRequest request) {
  const bool takes_websockets = service == Service::iot_hub || service == Service::dps;
  if (takes_websockets && is_websocket_path(request.path())) {
    return open_websocket(std::move(request));
  }
  switch (service) {
    case Service::arm:
      return arm_->handle(std::move(request));
    case Service::entra:
      return entra_->handle(std::move(request));
    case Service::blob:
      return blob_->handle(std::move(request));
    case Service::registry:
      return registry_->handle(std::move(request));
    case Service::iot_hub:
      return iot_hub_->handle(std::move(request));
    case Service::dps:
      return provisioning_->handle(std::move(request));
  }
  FERRY_CHECK(false);
}

net::Task<HttpResponse> Cloud::handle_managed_identity(HttpRequest request) {
  HttpResponse response = co_await entra_->handle_managed_identity(std::move(request));
  co_return response;
}

net::Task<void> Cloud::handle_mqtt(std::unique_ptr<net::Stream> stream) {
  co_await mqtt_->serve_mqtt(std::move(stream));
}

net::Task<void> Cloud::handle_amqp(std::unique_ptr<net::Stream> stream) {
  std::string host = stream->peer().server_name;
  co_await messaging_->serve(std::move(stream), std::move(host));
}

net::Task<void> Cloud::tick(std::weak_ptr<const arm::Arm> resource_manager) {
  constexpr std::chrono::milliseconds kInterval(200);
  for (;;) {
    co_await net::sleep_for(kInterval);
    const auto still_there = resource_manager.lock();
    if (!still_there) co_return;
    still_there->settle();
  }
}

}  // namespace drydock
