// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/arm.hpp"

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "drydock/arm/event_hubs.hpp"
#include "drydock/arm/extension_scope.hpp"
#include "drydock/arm/iot_hub_document.hpp"
#include "drydock/arm/providers.hpp"
#include "drydock/arm/version_shapes.hpp"

namespace drydock::arm {

using namespace ferry;

Result<std::unique_ptr<Arm>> Arm::open(const std::filesystem::path& database,
                                       const Endpoints& endpoints, const TokenVerifier& tokens,
                                       const Clock& clock, Options options) {
  auto store = Store::open(database);
  if (!store) return fail(std::move(store).error());
  auto subscription = store->setting("subscription_id");
  if (!subscription) return fail(std::move(subscription).error());
  if (!*subscription) {
    *subscription = random_uuid();
    auto saved = store->set_setting("subscription_id", **subscription);
    if (!saved) return fail(std::move(saved).error());
  }
  Account account{**subscription, std::move(options.tenant_id), std::move(options.object_id)};
  std::vector<std::string> owners = std::move(options.owners);
  owners.push_back(account.object_id);
  std::unique_ptr<Arm> arm(new Arm(*std::move(store), endpoints, tokens, clock, std::move(account),
                                   options.operation_delay));
  arm->enforce_limits_ = options.enforce_limits;
  arm->context_->find_principals(std::move(options.knows_principal));
  for (const std::string& owner : owners) {
    auto seeded = arm->access_->seed_owner(owner);
    if (!seeded) return fail(std::move(seeded).error().with("make {} an owner", owner));
  }
  return arm;
}

Arm::Arm(Store store, const Endpoints& endpoints, const TokenVerifier& tokens, const Clock& clock,
         Account account, std::chrono::milliseconds delay)
    : tokens_(tokens),
      context_(
          std::make_unique<Context>(std::move(store), endpoints, clock, std::move(account), delay)),
      access_(std::make_unique<Access>(*context_)),
      limits_(clock) {
  context_->access = access_.get();
  add_subscription_routes(*context_, *access_, routes_);
  add_provider_routes(*context_, routes_);
  add_resource_group_routes(*context_, routes_);
  add_resource_list_routes(*context_, routes_);
  add_operation_routes(*context_, routes_);
  add_iot_hub_routes(*context_, routes_);
  add_certificate_routes(*context_, routes_, kHubType, kHubCertificateType);
  add_hub_consumer_group_routes(*context_, routes_);
  add_hub_reading_routes(*context_, routes_);
  add_hub_routing_routes(*context_, routes_);
  add_provisioning_service_routes(*context_, routes_);
  add_certificate_routes(*context_, routes_, kProvisioningType, kProvisioningCertificateType);
  add_storage_account_routes(*context_, routes_);
  add_storage_container_routes(*context_, routes_);
  add_registry_usage_routes(*context_, routes_);
  add_registry_routes(*context_, routes_);
  add_registry_token_routes(*context_, routes_);
  add_namespace_routes(*context_, routes_);
  add_event_hub_routes(*context_, routes_);
  add_event_hub_rule_routes(*context_, routes_);
  add_consumer_group_routes(*context_, routes_);
  add_role_assignment_routes(*context_, *access_, extensions_);
  add_role_definition_routes(*context_, extensions_);
  add_lock_routes(*context_, extensions_);
  add_tag_routes(*context_, extensions_);
}

Arm::~Arm() = default;

void Arm::observe(ResourceObserver& observer) {
  context_->observe(observer);
}
void Arm::decide_operations(OperationFate fate) {
  context_->decide_operations(std::move(fate));
}
const std::string& Arm::subscription_id() const {
  return context_->account.subscription_id;
}

void Arm::settle() const {
  auto settled = context_->settle();
  if (!settled) log::error("arm", "end operations: {}", settled.error().describe());
}

net::Task<HttpResponse> Arm::handle(HttpRequest request) {
  HttpResponse response = answer(std::move(request));
  co_return response;
}

HttpResponse Arm::answer(HttpRequest request) {
  // @azure/arm-authorization puts a slash before a scope that begins with one.
  if (request.target.starts_with("//")) request.target.erase(0, 1);
  settle();
  // Only the head is needed once the body has been moved away.
  HttpRequest head;
  head.method = request.method;
  head.target = request.target;
  head.headers = request.headers;
  context_->set_current(&head);
  remaining_.reset();
  Answer answered = dispatch(std::move(request));
  context_->set_current(nullptr);
  HttpResponse response = answered ? *std::move(answered) : std::move(answered).error().response;
  shape_for_version(head, response);
  add_common_headers(head, response);
  return response;
}

Outcome<Caller> Arm::authenticate(const HttpRequest& request) const {
  constexpr std::string_view kBearer = "bearer ";
  const std::string header = request.headers.get_or("Authorization", "");
  const std::string challenge =
      fmt::format("Bearer authorization_uri=\"{}/{}\"", context_->endpoints.login_url(),
                  context_->account.tenant_id);
  if (header.empty()) {
    HttpResponse refused =
        arm_error(401, "AuthenticationFailed",
                  "Authentication failed. The 'Authorization' header is missing.");
    refused.headers.set("WWW-Authenticate", challenge);
    return refuse(std::move(refused));
  }
  const bool bearer = to_lower(header).starts_with(kBearer);
  const std::string_view token = bearer ? std::string_view(header).substr(kBearer.size()) : "";
  static const std::vector<std::string> kPublicAudiences = {"https://management.azure.com",
                                                            "https://management.core.windows.net"};
  std::vector<std::string> audiences = kPublicAudiences;
  audiences.push_back(context_->endpoints.management_url());
  audiences.push_back("https://" + Endpoints::management_host());
  if (bearer) {
    auto identity = tokens_.verify(trim(token), audiences);
    if (identity) return Caller{identity->object_id, identity->application_id};
  }
  constexpr std::string_view kText =
      "The access token is invalid: it is malformed, expired, for another audience, or was not "
      "issued by this cloud.";
  HttpResponse refused = arm_error(401, "InvalidAuthenticationToken", kText);
  refused.headers.set(
      "WWW-Authenticate",
      fmt::format("{}, error=\"invalid_token\", error_description=\"{}\"", challenge, kText));
  return refuse(std::move(refused));
}

namespace {

Outcome<json::object> read_body(const HttpRequest& request) {
  if (trim(request.body).empty()) return json::object();
  auto body = parse_json_object(request.body);
  if (body) return *std::move(body);
  return refuse(arm_error(400, "InvalidRequestContent",
                          fmt::format("The request content was invalid and could not be "
                                      "deserialized: '{}'.",
                                      body.error().message)));
}

Outcome<std::string> api_version(const HttpRequest& request) {
  auto version = request.query_value("api-version");
  if (!version || version->empty()) {
    return refuse(arm_error(400, "MissingApiVersionParameter",
                            "The api-version query parameter (?api-version=) is required for all "
                            "requests."));
  }
  // "2023-06-30" or "2023-06-30-preview".
  const auto digit = [&](std::size_t i) { return (*version)[i] >= '0' && (*version)[i] <= '9'; };
  bool valid = version->size() == 10 || version->ends_with("-preview");
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) {
    valid = valid && i < version->size() && digit(i);
  }
  if (valid) return *std::move(version);
  return refuse(arm_error(400, "InvalidApiVersionParameter",
                          fmt::format("The api-version '{}' is invalid.", *version)));
}

HttpResponse no_such_route(std::string_view method, int status) {
  if (status == 405) {
    return arm_error(405, "MethodNotAllowed",
                     fmt::format("The method {} is not allowed on this resource.", method));
  }
  return arm_error(404, "InvalidResourceType",
                   "The resource type could not be found, or the local cloud does not offer it.");
}

}  // namespace

Outcome<void> Arm::count(std::string_view method) {
  remaining_ = limits_.take(context_->caller().object_id, method);
  if (!enforce_limits_ || !remaining_->exhausted) return {};
  HttpResponse refused = arm_error(
      429, "SubscriptionRequestsThrottled",
      fmt::format("Number of '{}' requests for subscription '{}' exceeded the limit. Please try "
                  "again after '1' seconds.",
                  remaining_->kind, context_->account.subscription_id));
  refused.headers.set("Retry-After", "1");
  refused.headers.set("x-ms-failure-cause", "gateway");
  return refuse(std::move(refused));
}

Outcome<void> Arm::authorize(std::string_view method, std::string_view path) const {
  const auto demand = demand_of(method, path);
  if (!demand) return {};
  auto allowed = access_->require(context_->caller(), *demand);
  if (!allowed) return allowed;
  return access_->refuse_when_locked(method, *demand);
}

Routes::Match Arm::find_route(std::string_view method, std::string_view path) const {
  if (const auto extension = split_extension_path(path)) {
    auto match = extensions_.match(method, extension->rest);
    if (match.handler != nullptr) {
      match.parameters.set("scope", percent_decode(extension->scope));
      return match;
    }
  }
  return routes_.match(method, path);
}

Answer Arm::dispatch(HttpRequest request) {
  if (request.method == "GET" && equals_ignore_case(request.path(), "/metadata/endpoints")) {
    return cloud_metadata(*context_, request);
  }
  auto authenticated = authenticate(request);
  if (!authenticated) return fail(std::move(authenticated).error());
  context_->set_caller(*std::move(authenticated));
  auto counted = count(request.method);
  if (!counted) return fail(std::move(counted).error());
  auto version = api_version(request);
  if (!version) return fail(std::move(version).error());
  const std::vector<std::string> segments = split(request.path(), '/');
  if (segments.size() > 2 && equals_ignore_case(segments[1], "subscriptions") &&
      !equals_ignore_case(segments[2], context_->account.subscription_id)) {
    return refuse(arm_error(404, "SubscriptionNotFound",
                            fmt::format("The subscription '{}' could not be found.", segments[2])));
  }
  auto authorized = authorize(request.method, request.path());
  if (!authorized) return fail(std::move(authorized).error());
  auto match = find_route(request.method, request.path());
  if (match.handler == nullptr) return refuse(no_such_route(request.method, match.refusal));
  auto body = read_body(request);
  if (!body) return fail(std::move(body).error());
  Call call{std::move(request), std::move(match.parameters), *std::move(version), *std::move(body)};
  const bool reads = call.request.method == "GET" || call.request.method == "HEAD";
  if (reads) return (*match.handler)(call);

  auto transaction = sqlite::Transaction::begin(context_->store.database());
  if (!transaction) return fail(std::move(transaction).error());
  Answer answered = (*match.handler)(call);
  if (!answered) return answered;
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return answered;
}

void Arm::add_common_headers(const HttpRequest& request, HttpResponse& response) const {
  net::Headers& headers = response.headers;
  const std::string id = random_uuid();
  const std::string correlation = request.headers.get_or("x-ms-correlation-request-id", id);
  std::string time = format_rfc3339(context_->clock.now()).substr(0, 19) + "Z";
  std::erase(time, '-');
  std::erase(time, ':');
  headers.set("x-ms-request-id", id);
  headers.set("x-ms-correlation-request-id", correlation);
  headers.set("x-ms-routing-request-id", fmt::format("DRYDOCK:{}:{}", time, id));
  const auto client_id = request.headers.get("x-ms-client-request-id");
  const std::string wants_it = request.headers.get_or("x-ms-return-client-request-id", "");
  if (client_id && equals_ignore_case(wants_it, "true")) {
    headers.set("x-ms-client-request-id", std::string(*client_id));
  }
  if (remaining_) {
    const std::string prefix = "x-ms-ratelimit-remaining-subscription-";
    headers.set(fmt::format("{}{}", prefix, remaining_->kind),
                std::to_string(remaining_->principal));
    headers.set(fmt::format("{}global-{}", prefix, remaining_->kind),
                std::to_string(remaining_->subscription));
  }
  headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Cache-Control", "no-cache");
  headers.set("Pragma", "no-cache");
  headers.set("Expires", "-1");
  if (response.status >= 400 && !headers.contains("x-ms-failure-cause")) {
    headers.set("x-ms-failure-cause", response.status == 401 ? "gateway" : "service");
  }
}

template <class Info, class Read>
std::optional<Info> Arm::look_up(std::map<std::string, Info>& cache, std::string_view type,
                                 std::string_view name, Read read) const {
  settle();
  if (cache_.version != context_->store.version()) {
    cache_ = Cache();
    cache_.version = context_->store.version();
  }
  const std::string key = to_lower(name);
  const auto known = cache.find(key);
  if (known != cache.end()) return known->second;
  auto resource = context_->store.find_named(type, name);
  if (!resource) {
    log::error("arm", "look up {}: {}", name, resource.error().describe());
    return std::nullopt;
  }
  if (!*resource) return std::nullopt;
  std::optional<Info> info = read(*context_, **resource);
  if (info) cache.emplace(key, *info);
  return info;
}

std::optional<HubInfo> Arm::find_hub(std::string_view name) const {
  return look_up(cache_.hubs, kHubType, name, read_hub);
}

std::optional<HubInfo> Arm::find_hub_by_namespace(std::string_view name) const {
  settle();
  auto all = context_->store.list(kHubType, "");
  if (!all) {
    log::error("arm", "look up namespace {}: {}", name, all.error().describe());
    return std::nullopt;
  }
  const std::string host = Endpoints::service_bus_host(name);
  for (const Resource& resource : *all) {
    if (built_in_host(resource) == host) return find_hub(resource.name);
  }
  return std::nullopt;
}

std::optional<ProvisioningServiceInfo> Arm::find_provisioning_service(std::string_view name) const {
  return look_up(cache_.provisioning_services, kProvisioningType, name, read_provisioning_service);
}

std::optional<ProvisioningServiceInfo> Arm::find_provisioning_service_by_scope(
    std::string_view id_scope) const {
  settle();
  auto all = context_->store.list(kProvisioningType, "");
  if (!all) {
    log::error("arm", "look up id scope {}: {}", id_scope, all.error().describe());
    return std::nullopt;
  }
  for (const Resource& resource : *all) {
    const json::value document = resource.document;
    const json::value* scope = find_path(document, "properties.idScope");
    if (scope == nullptr || !scope->is_string()) continue;
    if (equals_ignore_case(scope->get_string(), id_scope)) {
      return find_provisioning_service(resource.name);
    }
  }
  return std::nullopt;
}

std::optional<StorageAccountInfo> Arm::find_storage_account(std::string_view name) const {
  return look_up(cache_.storage_accounts, kStorageType, name, read_storage_account);
}

std::optional<RegistryInfo> Arm::find_registry(std::string_view name) const {
  return look_up(cache_.registries, kRegistryType, name, read_registry);
}

std::optional<EventHubNamespaceInfo> Arm::find_event_hub_namespace(std::string_view name) const {
  return look_up(cache_.event_hub_namespaces, kNamespaceType, name, read_event_hub_namespace);
}

bool Arm::grants_data_action(std::string_view principal, std::string_view scope,
                             std::string_view action) const {
  auto granted = access_->permissions(principal, scope);
  return granted && grants_data(*granted, action);
}

}  // namespace drydock::arm
