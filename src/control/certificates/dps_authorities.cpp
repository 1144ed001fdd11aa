// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/dps_authorities.hpp"

#include "azure/arm/provisioning_services.hpp"
#include "control/certificates/authority.hpp"
#include "control/workspaces/resource_types.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;

struct Place {
  std::shared_ptr<CloudConnection> cloud;
  std::string service;  // the DPS's resource id
  std::string name;     // of the certificate in it
};

// The first authority of a workspace has the workspace's own name there; those that follow, one of
// their own, because both are there for a while.
Result<std::string> name_in_dps(const Context& context, const std::string& first_name,
                                const store::CertificateRecord& authority) {
  auto authorities = context.store.certificates.list_authorities(authority.owner);
  if (!authorities) return fail(std::move(authorities).error());
  const bool first = authorities->empty() || authorities->back().id == authority.id;
  return first ? first_name : fmt::format("{}-{}", first_name, authority.thumbprint.substr(0, 8));
}

Result<Place> place_of(Context& context, const fleet::Workspace& workspace,
                       const store::CertificateRecord& authority) {
  auto cloud = context.clouds.account(workspace.cloud_account);
  if (!cloud) return fail(std::move(cloud).error());
  auto name = name_in_dps(context, workspace.names.ca_certificate, authority);
  if (!name) return fail(std::move(name).error());
  auto service = resource_id(**cloud, workspace, fleet::keys::kProvisioningService);
  return Place{*std::move(cloud), std::move(service), *std::move(name)};
}

}  // namespace

net::Task<Result<void>> ensure_verified_authority(Context& context, fleet::Workspace workspace,
                                                  store::CertificateRecord authority,
                                                  StepContext& step) {
  auto place = place_of(context, workspace, authority);
  if (!place) co_return fail(std::move(place).error());
  auto& client = place->cloud->arm;
  auto certificate = co_await arm::get_certificate(client, place->service, place->name);
  if (!certificate && certificate.error().code == Code::not_found) {
    auto uploaded =
        co_await arm::upload_certificate(client, place->service, place->name, authority.pem);
    certificate = std::move(uploaded);
  }
  if (!certificate) co_return fail(std::move(certificate).error());
  if (!certificate->verified) {
    step.detail("proof of possession");
    auto challenged =
        co_await arm::generate_verification_code(client, place->service, *certificate);
    if (!challenged) co_return fail(std::move(challenged).error());
    auto proof = prove_possession(context, authority, challenged->verification_code);
    if (!proof) co_return fail(std::move(proof).error());
    auto verified = co_await arm::verify_certificate(client, place->service, *challenged, *proof);
    if (!verified) co_return fail(std::move(verified).error());
    if (!verified->verified) {
      co_return fail(Code::internal, "the provisioning service did not accept the CA's proof");
    }
  }
  step.detail(fmt::format("{}, verified", authority.subject));
  co_return Result<void>();
}

net::Task<Result<void>> remove_authority(Context& context, fleet::Workspace workspace,
                                         store::CertificateRecord authority) {
  auto place = place_of(context, workspace, authority);
  if (!place) co_return fail(std::move(place).error());
  co_return co_await arm::remove_certificate(place->cloud->arm, place->service, place->name);
}

}  // namespace ferry::control
