// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kVersion = "2022-12-12";

std::string certificate_id(std::string_view service_id, std::string_view name) {
  return fmt::format("{}/certificates/{}", service_id, percent_encode(name));
}

ServiceCertificate read_certificate(const json::object& object, std::string name) {
  const auto& properties = properties_of(object);
  return {std::move(name), string_or(object, "etag", ""), string_or(properties, "thumbprint", ""),
          bool_or(properties, "isVerified", false), string_or(properties, "verificationCode", "")};
}

}  // namespace

net::Task<Result<ServiceCertificate>> get_certificate(ArmClient& arm, std::string service_id,
                                                      std::string name) {
  auto found = co_await arm.get(certificate_id(service_id, name), kVersion);
  if (!found) co_return fail(std::move(found).error().with("read certificate {}", name));
  co_return read_certificate(*found, name);
}

net::Task<Result<ServiceCertificate>> upload_certificate(ArmClient& arm, std::string service_id,
                                                         std::string name, std::string pem) {
  // Replacing needs the version that is there.
  auto current = co_await get_certificate(arm, service_id, name);
  if (!current && current.error().code != Code::not_found) co_return current;
  const std::string if_match = current ? current->etag : std::string();
  json::object body{{"properties", {{"certificate", base64_encode(pem)}, {"isVerified", false}}}};
  auto made =
      co_await arm.put(certificate_id(service_id, name), kVersion, std::move(body), {}, if_match);
  if (!made) co_return fail(std::move(made).error().with("upload certificate {}", name));
  co_return read_certificate(*made, name);
}

net::Task<Result<ServiceCertificate>> generate_verification_code(ArmClient& arm,
                                                                 std::string service_id,
                                                                 ServiceCertificate certificate) {
  const std::string id = certificate_id(service_id, certificate.name) + "/generateVerificationCode";
  auto answer = co_await arm.post(id, kVersion, {}, certificate.etag);
  if (!answer) {
    co_return fail(std::move(answer).error().with("ask for the proof code of certificate {}",
                                                  certificate.name));
  }
  auto read = read_certificate(*answer, certificate.name);
  if (read.verification_code.empty()) {
    co_return fail(Code::unavailable, "no proof code came for certificate {}", certificate.name);
  }
  co_return read;
}

net::Task<Result<ServiceCertificate>> verify_certificate(ArmClient& arm, std::string service_id,
                                                         ServiceCertificate certificate,
                                                         std::string leaf_pem) {
  json::object body{{"certificate", base64_encode(leaf_pem)}};
  const std::string id = certificate_id(service_id, certificate.name) + "/verify";
  auto answer = co_await arm.post(id, kVersion, std::move(body), certificate.etag);
  if (!answer) {
    co_return fail(
        std::move(answer).error().with("prove possession of certificate {}", certificate.name));
  }
  auto read = read_certificate(*answer, certificate.name);
  if (!read.verified) {
    co_return fail(Code::precondition_failed,
                   "certificate {} is still not verified after its proof", certificate.name);
  }
  co_return read;
}

net::Task<Result<void>> remove_certificate(ArmClient& arm, std::string service_id,
                                           std::string name) {
  auto current = co_await get_certificate(arm, service_id, name);
  if (!current) {
    if (current.error().code == Code::not_found) co_return Result<void>();
    co_return fail(std::move(current).error());
  }
  co_return co_await arm.remove(certificate_id(service_id, name), kVersion, {}, current->etag);
}

}  // namespace ferry::azure::arm
