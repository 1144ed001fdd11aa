// SPDX-License-Identifier: Apache-2.0
// Ferry's Azure and registry clients on one path through a whole cloud:
//   azure_client ENVIRONMENT.JSON
// Makes a resource group with IoT hub, DPS, storage account and registry, works with each, deletes
// all. Prints "ok - ..." and "not ok - ..." lines. Nothing here is special to the cloud that the
// file names.
#include <cstdio>

#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/registries.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "azure/blob/client.hpp"
#include "azure/dps/client.hpp"
#include "azure/entra/client_credentials.hpp"
#include "azure/iot_hub/client.hpp"
#include "base/file.hpp"
#include "oci/assembly.hpp"
#include "x509/authority.hpp"

namespace {

using namespace ferry;
using namespace ferry::azure;

constexpr const char* kGroup = "azure-client";
constexpr const char* kLocation = "westeurope";

int failures = 0;

void check(bool holds, std::string_view what, const std::string& detail = {}) {
  if (!holds) ++failures;
  std::printf("%s - %.*s%s%s\n", holds ? "ok" : "not ok", static_cast<int>(what.size()),
              what.data(), detail.empty() ? "" : " # ", detail.c_str());
  std::fflush(stdout);
}

template <class T>
bool good(const Result<T>& result, std::string_view what) {
  check(result.has_value(), what, result ? "" : result.error().describe());
  return result.has_value();
}

struct Cloud {
  CloudEnvironment environment;
  Pipeline& pipeline;
  arm::ArmClient& arm;
  net::HttpClient& http;
  const Clock& clock;
};

net::Task<void> use_hub(Cloud& cloud, SasKey key) {
  IotHubClient hub(cloud.pipeline, std::move(key));
  DeviceIdentity device;
  device.device_id = "pump-7";
  device.iot_edge = true;
  auto made = co_await hub.create_device(device);
  good(made, "an edge device is created");
  auto twice = co_await hub.create_device(device);
  check(!twice && twice.error().code == Code::conflict, "creating it again is a conflict");
  auto modules = co_await hub.list_modules("pump-7");
  check(modules && modules->size() == 2, "it has $edgeAgent and $edgeHub");
  json::object patch{{"tags", {{"group", "line-1"}}}};
  auto twin = co_await hub.patch_twin({"pump-7"}, std::move(patch));
  check(twin && string_or(twin->tags, "group", "") == "line-1", "its twin takes a tag");
  Configuration configuration;
  configuration.id = "line-1-v1";
  configuration.priority = 10;
  configuration.labels = {{"group", "line-1"}};
  configuration.target_condition = "tags.group='line-1'";
  json::object agent{{"properties.desired",
                      {{"schemaVersion", "1.1"},
                       {"runtime", {{"type", "docker"}, {"settings", json::object()}}},
                       {"systemModules", json::object()},
                       {"modules", json::object()}}}};
  json::object edge_hub{
      {"properties.desired", {{"schemaVersion", "1.1"}, {"routes", json::object()}}}};
  configuration.content = {
      {"modulesContent", {{"$edgeAgent", std::move(agent)}, {"$edgeHub", std::move(edge_hub)}}}};
  auto deployed = co_await hub.create_configuration(configuration);
  good(deployed, "an edge deployment is created");
  auto read = co_await hub.get_configuration("line-1-v1");
  check(read && read->content == configuration.content && read->priority == 10,
        "it is read back as written");
  bool applied = false;
  for (int i = 0; i < 60 && !applied; ++i) {
    auto edge_agent = co_await hub.get_twin({"pump-7", "$edgeAgent"});
    applied = edge_agent && edge_agent->configurations.contains("line-1-v1");
    if (!applied) co_await net::sleep_for(std::chrono::milliseconds(500));
  }
  check(applied, "it reaches the device's $edgeAgent twin");
  auto rows = co_await hub.query("select * from devices where tags.group='line-1'");
  check(rows && rows->size() == 1, "a query finds the device", rows ? "" : rows.error().describe());
  auto online = co_await hub.call_method({"pump-7", "$edgeAgent"}, {.name = "ping", .payload = {}});
  check(!online && online.error().code == Code::not_found,
        "a method on a device that is away is not_found", online ? "" : online.error().describe());
  auto statistics = co_await hub.statistics();
  check(statistics && statistics->total_devices == 1, "statistics count it");
  auto removed = co_await hub.delete_configuration("line-1-v1");
  good(removed, "the deployment is deleted");
  auto deleted = co_await hub.delete_device("pump-7");
  good(deleted, "the device is deleted");
}

struct Authority {
  x509::PrivateKey key;
  x509::Certificate certificate;
};

net::Task<void> use_dps(Cloud& cloud, arm::ProvisioningService service, std::string hub_host,
                        Authority& authority) {
  auto uploaded = co_await arm::upload_certificate(cloud.arm, service.id, "root",
                                                   authority.certificate.to_pem());
  if (!good(uploaded, "a CA certificate is uploaded")) co_return;
  auto challenged = co_await arm::generate_verification_code(cloud.arm, service.id, *uploaded);
  if (!good(challenged, "a proof code is given")) co_return;
  const auto leaf_key = x509::PrivateKey::generate();
  x509::CertificateProfile profile;
  profile.common_name = challenged->verification_code;
  profile.not_before = cloud.clock.now() - std::chrono::minutes(5);
  profile.not_after = cloud.clock.now() + std::chrono::hours(1);
  profile.client_auth = true;
  const x509::KeySigner signer(authority.key);
  auto leaf = x509::issue(authority.certificate, signer, leaf_key.public_key(), profile);
  if (!good(leaf, "the proof is signed")) co_return;
  auto verified =
      co_await arm::verify_certificate(cloud.arm, service.id, *challenged, leaf->to_pem());
  good(verified, "possession is proved");
  auto key =
      co_await arm::get_provisioning_service_key(cloud.arm, service, "provisioningserviceowner");
  if (!good(key, "the service's key is read")) co_return;
  DpsClient dps(cloud.pipeline, *key);
  EnrollmentGroup group;
  group.id = "line-1";
  group.primary_certificate_pem = authority.certificate.to_pem();
  group.iot_hubs = {hub_host};
  group.initial_tags = {{"group", "line-1"}};
  auto made = co_await dps.put_group(group);
  if (!good(made, "an enrollment group is created")) co_return;
  check(made->iot_edge && made->iot_hubs == group.iot_hubs, "it is read back as written");
  group.etag = made->etag;
  group.enabled = false;
  auto changed = co_await dps.put_group(group);
  check(changed && !changed->enabled, "it is updated with its etag",
        changed ? "" : changed.error().describe());
  auto stale = co_await dps.put_group(group);
  check(!stale && stale.error().code == Code::precondition_failed, "an old etag is refused");
  auto states = co_await dps.list_registrations("line-1");
  check(states && states->empty(), "it has no registrations yet",
        states ? "" : states.error().describe());
  auto gone = co_await dps.delete_group("line-1");
  good(gone, "it is deleted");
}

net::Task<void> use_registry(Cloud& cloud, arm::Registry registry) {
  auto map = co_await arm::ensure_scope_map(cloud.arm, registry.id, "line-1",
                                            arm::push_actions("line-1/*"));
  if (!good(map, "a scope map is made")) co_return;
  auto token = co_await arm::ensure_token(cloud.arm, registry.id, "line-1", *map);
  if (!good(token, "a registry token is made")) co_return;
  auto credential = co_await arm::generate_credentials(cloud.arm, registry.id, *token);
  if (!good(credential, "its password is made")) co_return;
  oci::RegistryOptions options;
  options.host = registry.login_server;
  options.credential = oci::RegistryCredential{credential->username, credential->password};
  options.clock = &cloud.clock;
  oci::RegistryClient client(oci::transport_over(cloud.http), std::move(options));
  oci::ImageSpec spec;
  auto layer = oci::make_layer({{.path = "app", .content = "#!/bin/sh\n", .executable = true}});
  FERRY_CHECK(layer.has_value());
  spec.layers.push_back(*layer);
  auto pushed = co_await oci::push_image(client, "line-1/app", "1", spec);
  if (!good(pushed, "an image is stored with it")) co_return;
  auto base = co_await oci::resolve_base(client, "line-1/app", pushed->digest, {});
  if (!good(base, "the image is resolved by its digest")) co_return;
  spec.base = *base;
  spec.layers.clear();
  spec.entrypoint = {"/app"};
  auto on_top = co_await oci::push_image(client, "line-1/other", "1", spec);
  check(on_top && on_top->blobs_mounted == 1, "another repository borrows its layer",
        on_top ? "" : on_top.error().describe());
  auto outside = co_await oci::push_image(client, "line-2/app", "1", spec);
  check(!outside && outside.error().code == Code::permission_denied,
        "a repository outside the scope map is refused", outside ? "" : outside.error().describe());
}

net::Task<void> use_storage(Cloud& cloud, arm::StorageAccount account) {
  auto key = co_await arm::get_storage_account_key(cloud.arm, kGroup, account.name);
  if (!good(key, "the storage account's key is read")) co_return;
  BlobClient blobs(cloud.pipeline, account.blob_endpoint, {account.name, *key});
  auto container = co_await blobs.ensure_container("plant-a");
  good(container, "a container is made");
  auto put = co_await blobs.put("plant-a", "components/pump/1/src/a b.txt", "hello", {});
  good(put, "a blob is written");
  auto got = co_await blobs.get("plant-a", "components/pump/1/src/a b.txt");
  check(got && got->content == "hello", "it is read back");
  auto all = co_await blobs.list("plant-a", "components/");
  check(all && all->size() == 1, "it is listed");
}

net::Task<int> work(Cloud& cloud, Authority& authority) {
  auto group = co_await arm::ensure_resource_group(cloud.arm, kGroup, kLocation);
  if (!good(group, "a resource group is made")) co_return failures;
  int looks = 0;
  arm::IotHubSpec hub_spec{.group = kGroup, .name = "client-hub", .location = kLocation};
  auto hub = co_await arm::ensure_iot_hub(
      cloud.arm, hub_spec, [&looks](std::string_view, std::chrono::milliseconds) { ++looks; });
  if (!good(hub, "an IoT hub is made")) co_return failures;
  check(looks > 0, "its progress is told");
  auto again = co_await arm::ensure_iot_hub(cloud.arm, hub_spec);
  check(again && again->etag == hub->etag, "making it again leaves it alone");
  auto owner = co_await arm::get_iot_hub_key(cloud.arm, *hub, "iothubowner");
  if (!good(owner, "its key is read")) co_return failures;
  arm::ProvisioningServiceSpec dps_spec{
      .group = kGroup, .name = "client-dps", .location = kLocation};
  dps_spec.hub = {hub->host_name, kLocation, owner->connection_string()};
  auto dps = co_await arm::ensure_provisioning_service(cloud.arm, dps_spec);
  arm::StorageAccountSpec storage_spec{
      .group = kGroup, .name = "clientstorage", .location = kLocation};
  auto storage = co_await arm::ensure_storage_account(cloud.arm, storage_spec);
  arm::RegistrySpec registry_spec{.group = kGroup, .name = "clientregistry", .location = kLocation};
  auto registry = co_await arm::ensure_registry(cloud.arm, registry_spec);
  co_await use_hub(cloud, *owner);
  if (good(dps, "a DPS with the hub linked is made")) {
    co_await use_dps(cloud, *dps, hub->host_name, authority);
  }
  if (good(storage, "a storage account is made")) co_await use_storage(cloud, *storage);
  if (good(registry, "a registry is made")) co_await use_registry(cloud, *registry);
  auto removed = co_await arm::remove_resource_group(cloud.arm, kGroup);
  good(removed, "the resource group is deleted with everything in it");
  auto gone = co_await arm::get_iot_hub(cloud.arm, kGroup, "client-hub");
  check(!gone && gone.error().code == Code::not_found, "the hub is gone");
  co_return failures;
}

Result<Authority> make_authority(const Clock& clock) {
  auto key = x509::PrivateKey::generate();
  x509::CertificateProfile profile;
  profile.common_name = "Azure client test root";
  profile.not_before = clock.now() - std::chrono::minutes(10);
  profile.not_after = clock.now() + std::chrono::hours(24);
  profile.ca = true;
  auto certificate = x509::issue_self_signed(key, profile);
  if (!certificate) return fail(std::move(certificate).error());
  return Authority{std::move(key), *std::move(certificate)};
}

Result<int> run(const char* file) {
  auto text = read_file(file);
  if (!text) return fail(std::move(text).error());
  auto settings = parse_json_object(*text);
  if (!settings) return fail(std::move(settings).error());
  auto ca = read_file(string_or(*settings, "caFile", ""));
  if (!ca) return fail(std::move(ca).error());
  auto tls = net::TlsClientContext::create({.ca_pem = *ca});
  if (!tls) return fail(std::move(tls).error());
  net::EventLoop loop;
  net::HttpClient http({.tls = *tls});
  SystemClock clock;
  auto environment = loop.run_until_done(
      fetch_environment(transport_over(http), string_or(*settings, "resourceManager", "")));
  if (!environment) return fail(std::move(environment).error());
  check(
      environment->suffixes.iot_hub == string_or(*find_object(*settings, "suffixes"), "iotHub", ""),
      "the cloud's metadata says what its environment file says");
  PipelineOptions options;
  options.transport = transport_over(http);
  options.clock = &clock;
  Pipeline pipeline(std::move(options));
  ClientSecretTokenSource tokens(
      pipeline, environment->active_directory,
      {string_or(*settings, "tenantId", ""), string_or(*settings, "clientId", ""),
       Secret(string_or(*settings, "clientSecret", ""))});
  arm::ArmOptions arm_options;
  arm_options.environment = *environment;
  arm_options.subscription = string_or(*settings, "subscriptionId", "");
  arm::ArmClient arm(pipeline, tokens, std::move(arm_options));
  auto authority = make_authority(clock);
  if (!authority) return fail(std::move(authority).error());
  Cloud cloud{*environment, pipeline, arm, http, clock};
  return loop.run_until_done(work(cloud, *authority));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: azure_client ENVIRONMENT.JSON\n");
    return 2;
  }
  auto done = run(argv[1]);
  if (!done) check(false, "the cloud can be reached", done.error().describe());
  return done && *done == 0 ? 0 : 1;
}
