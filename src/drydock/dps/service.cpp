// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/service.hpp"

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "drydock/iot_hub/sas.hpp"

namespace drydock::dps {
namespace {

using ferry::fail;
using ferry::net::HttpRequest;
using ferry::net::HttpResponse;

// Whoever may write may read, and whoever may see or change enrollments may do so with what
// registered through them: the owner policy that Azure makes has EnrollmentWrite and no
// RegistrationStatus right.
bool has_right(const SharedAccessPolicy& policy, std::string_view wanted) {
  static const std::map<std::string_view, std::vector<std::string_view>> kEnough{
      {"EnrollmentRead", {"EnrollmentRead", "EnrollmentWrite"}},
      {"EnrollmentWrite", {"EnrollmentWrite"}},
      {"RegistrationStatusRead",
       {"RegistrationStatusRead", "RegistrationStatusWrite", "EnrollmentRead", "EnrollmentWrite"}},
      {"RegistrationStatusWrite", {"RegistrationStatusWrite", "EnrollmentWrite"}}};
  for (const std::string& right : ferry::split(policy.rights, ',')) {
    for (std::string_view enough : kEnough.at(wanted)) {
      if (ferry::equals_ignore_case(ferry::trim(right), enough)) return true;
    }
  }
  return false;
}

Outcome<void> authorize(const ProvisioningServiceInfo& info, std::string_view authorization,
                        std::string_view right, ferry::Timestamp now) {
  const auto token = iot_hub::parse_sas(authorization);
  if (!token) return refuse(401002, "Unauthorized: {}", token.error().message);
  for (const SharedAccessPolicy& policy : info.policies) {
    if (!ferry::equals_ignore_case(policy.name, token->policy)) continue;
    if (!iot_hub::signed_with(*token, policy.primary_key) &&
        !iot_hub::signed_with(*token, policy.secondary_key)) {
      return refuse(401002, "Unauthorized: the signature of policy '{}' is wrong", policy.name);
    }
    if (iot_hub::is_expired(*token, now)) {
      return refuse(401002, "Unauthorized: the token has expired");
    }
    if (!iot_hub::covers(*token, info.host_name)) {
      return refuse(401002, "Unauthorized: the token is not for '{}'", info.host_name);
    }
    if (!has_right(policy, right)) {
      return refuse(401002, "Unauthorized: policy '{}' lacks {}", policy.name, right);
    }
    return {};
  }
  return refuse(401002, "Unauthorized: there is no policy '{}'", token->policy);
}

}  // namespace

json::object error_body(const Refusal& refusal, ferry::Timestamp now) {
  return {{"errorCode", refusal.number},
          {"trackingId", ferry::random_id("t")},
          {"message", refusal.message},
          {"timestampUtc", ferry::format_rfc3339(now)}};
}

HttpResponse json_response(int status, const json::value& body) {
  HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = json::serialize(body);
  return response;
}

ferry::Result<std::unique_ptr<ProvisioningService>> ProvisioningService::open(
    ferry::net::Executor, const ferry::Clock& clock, const Directory& directory, const Endpoints&,
    iot_hub::DeviceRegistry& hubs, const std::filesystem::path& data) {
  auto store = Store::open(data / "dps.db");
  if (!store) return fail(std::move(store).error());
  return std::unique_ptr<ProvisioningService>(
      new ProvisioningService(clock, directory, *std::move(store), hubs));
}

ProvisioningService::ProvisioningService(const ferry::Clock& clock, const Directory& directory,
                                         Store store, iot_hub::DeviceRegistry& hubs)
    : clock_(clock),
      directory_(directory),
      store_(std::move(store)),
      registrar_(clock, store_, hubs),
      router_(ferry::net::Router::Case::insensitive) {
  for (const Operation& operation : operations()) {
    router_.add(std::string(operation.method), operation.pattern, nullptr);
    operations_[{std::string(operation.method), operation.pattern}] = &operation;
  }
}

std::string ProvisioningService::Call::service() const {
  return ferry::to_lower(info.name);
}

std::span<const ProvisioningService::Operation> ProvisioningService::operations() {
  using Service = ProvisioningService;
  constexpr auto kGroup = EnrollmentKind::group;
  constexpr auto kIndividual = EnrollmentKind::individual;
  static constexpr Operation kOperations[] = {
      {"PUT", "/{scope}/registrations/{id}/register", "", kGroup, &Service::register_device},
      {"GET", "/{scope}/registrations/{id}/operations/{operation}", "", kGroup,
       &Service::operation_status},
      {"POST", "/{scope}/registrations/{id}", "", kGroup, &Service::look_up_registration},
      {"POST", "/enrollmentGroups/query", "EnrollmentRead", kGroup, &Service::query_enrollments},
      {"PUT", "/enrollmentGroups/{id}", "EnrollmentWrite", kGroup, &Service::put_enrollment},
      {"GET", "/enrollmentGroups/{id}", "EnrollmentRead", kGroup, &Service::get_enrollment},
      {"DELETE", "/enrollmentGroups/{id}", "EnrollmentWrite", kGroup, &Service::delete_enrollment},
      {"POST", "/enrollmentGroups/{id}/attestationmechanism", "EnrollmentRead", kGroup,
       &Service::attestation_mechanism},
      {"POST", "/enrollmentGroups", "EnrollmentWrite", kGroup, &Service::change_many},
      {"POST", "/enrollments", "EnrollmentWrite", kIndividual, &Service::change_many},
      {"POST", "/enrollments/query", "EnrollmentRead", kIndividual, &Service::query_enrollments},
      {"PUT", "/enrollments/{id}", "EnrollmentWrite", kIndividual, &Service::put_enrollment},
      {"GET", "/enrollments/{id}", "EnrollmentRead", kIndividual, &Service::get_enrollment},
      {"DELETE", "/enrollments/{id}", "EnrollmentWrite", kIndividual, &Service::delete_enrollment},
      {"POST", "/enrollments/{id}/attestationmechanism", "EnrollmentRead", kIndividual,
       &Service::attestation_mechanism},
      {"POST", "/registrations/{id}/query", "RegistrationStatusRead", kGroup,
       &Service::query_registrations},
      {"GET", "/registrations/{id}", "RegistrationStatusRead", kGroup, &Service::get_registration},
      {"DELETE", "/registrations/{id}", "RegistrationStatusWrite", kGroup,
       &Service::delete_registration},
  };
  return kOperations;
}

ferry::net::Task<HttpResponse> ProvisioningService::handle(HttpRequest request) {
  auto answer = perform(request);
  if (!answer) {
    co_return json_response(answer.error().status(), error_body(answer.error(), clock_.now()));
  }
  co_return *std::move(answer);
}

Outcome<ProvisioningServiceInfo> ProvisioningService::select(
    const Operation& operation, const HttpRequest& request,
    const ferry::net::RouteParameters& parameters) const {
  if (operation.right.empty()) {
    auto info = directory_.find_provisioning_service_by_scope(parameters.at("scope"));
    if (!info) return refuse(404201, "there is no id scope '{}'", parameters.at("scope"));
    return *std::move(info);
  }
  const std::string host = request.host();
  auto info = directory_.find_provisioning_service(host.substr(0, host.find('.')));
  if (!info) return refuse(404201, "there is no provisioning service '{}'", host);
  auto allowed =
      authorize(*info, request.headers.get_or("Authorization", ""), operation.right, clock_.now());
  if (!allowed) return refuse(std::move(allowed).error());
  return *std::move(info);
}

ProvisioningService::Answer ProvisioningService::perform(const HttpRequest& request) {
  const auto match = router_.match(request.method, request.path());
  const auto found = operations_.find({request.method, match.pattern});
  if (!match.handler || found == operations_.end()) {
    return refuse(match.refusal == 405 ? 405000 : 404000, "{} {} is not supported by Drydock",
                  request.method, request.path());
  }
  auto info = select(*found->second, request, match.parameters);
  if (!info) return refuse(std::move(info).error());
  const Call call{request, match.parameters, *std::move(info), found->second->kind};
  return (this->*found->second->run)(call);
}

void ProvisioningService::on_deleted(ResourceKind kind, std::string_view name) {
  if (kind != ResourceKind::provisioning_service) return;
  const auto erased = store_.erase_service(ferry::to_lower(name));
  if (!erased) ferry::log::error("dps", "erase {}: {}", name, erased.error().describe());
}

}  // namespace drydock::dps
