// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/enrollment.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"

namespace drydock::dps {
namespace {

using ferry::x509::Certificate;

std::string_view certificates_member(EnrollmentKind kind) {
  return kind == EnrollmentKind::group ? "signingCertificates" : "clientCertificates";
}

// PEM, or base64 of the DER form.
ferry::Result<Certificate> read_certificate(const std::string& text) {
  if (text.find("-----BEGIN") != std::string::npos) return Certificate::from_pem(text);
  auto der = ferry::base64_decode(text);
  if (!der) return ferry::fail(std::move(der).error());
  return Certificate::parse(*der);
}

json::object* inner_object(json::object& object, std::string_view name) {
  json::value* value = object.if_contains(name);
  return value ? value->if_object() : nullptr;
}

// The certificate that `current` has in this slot, when the body names it by its thumbprint alone.
std::optional<std::string> kept_certificate(const json::object& slot, std::string_view name,
                                            const Enrollment* current) {
  const auto* info = ferry::find_object(slot, "info");
  if (!info || !current) return std::nullopt;
  const json::value whole = current->document;
  const auto* before = ferry::find_path(
      whole,
      fmt::format("attestation.x509.{}.{}.certificate", certificates_member(current->kind), name));
  if (!before || !before->is_string()) return std::nullopt;
  const auto certificate = read_certificate(std::string(before->get_string()));
  const std::string thumbprint = ferry::string_or(*info, "sha256Thumbprint", "");
  if (!certificate || !ferry::equals_ignore_case(certificate->sha256_thumbprint(), thumbprint)) {
    return std::nullopt;
  }
  return std::string(before->get_string());
}

Outcome<void> read_slot(json::object& certificates, std::string_view name, Enrollment& enrollment,
                        const Enrollment* current) {
  json::object* slot = inner_object(certificates, name);
  if (!slot) return {};
  auto text = ferry::optional_string(*slot, "certificate");
  if (!text || text->empty()) text = kept_certificate(*slot, name, current);
  if (!text) return {};
  auto certificate = read_certificate(*text);
  if (!certificate) {
    return refuse(400004, "the {} certificate cannot be read: {}", name,
                  certificate.error().message);
  }
  if (enrollment.kind == EnrollmentKind::group && !certificate->is_ca()) {
    return refuse(400004, "the {} signing certificate is not a CA certificate", name);
  }
  *slot = json::object{{"certificate", *text}, {"info", certificate_info(*certificate)}};
  enrollment.certificates.push_back(*std::move(certificate));
  return {};
}

// 16 to 64 bytes in base64.
bool is_key(const std::string& text) {
  const auto key = ferry::base64_decode(text);
  return key && key->size() >= 16 && key->size() <= 64;
}

Outcome<void> read_keys(json::object& attestation, Enrollment& enrollment,
                        const Enrollment* current) {
  json::object* given = inner_object(attestation, "symmetricKey");
  std::string keys[2];
  constexpr const char* kNames[2] = {"primaryKey", "secondaryKey"};
  for (std::size_t i = 0; i < 2; ++i) {
    if (given) keys[i] = ferry::string_or(*given, kNames[i], "");
    if (keys[i].empty() && current && current->keys) {
      keys[i] = (i == 0 ? current->keys->primary : current->keys->secondary).reveal();
    }
    if (keys[i].empty()) keys[i] = ferry::base64_encode(ferry::random_bytes(64));
    if (!is_key(keys[i])) return refuse(400004, "{} is 16 to 64 bytes in base64", kNames[i]);
  }
  attestation["symmetricKey"] = {{kNames[0], keys[0]}, {kNames[1], keys[1]}};
  enrollment.keys = SymmetricKeys{ferry::Secret(keys[0]), ferry::Secret(keys[1])};
  return {};
}

Outcome<void> read_attestation(Enrollment& enrollment, const Enrollment* current) {
  json::object* attestation = inner_object(enrollment.document, "attestation");
  if (!attestation) return refuse(400004, "attestation is missing");
  const std::string type = ferry::string_or(*attestation, "type", "");
  if (ferry::equals_ignore_case(type, "symmetricKey")) {
    return read_keys(*attestation, enrollment, current);
  }
  if (!ferry::equals_ignore_case(type, "x509")) {
    return refuse(400004,
                  "attestation type '{}' is not supported by Drydock: x509 and symmetricKey are",
                  type);
  }
  json::object* x509 = inner_object(*attestation, "x509");
  if (!x509) return refuse(400004, "attestation.x509 is missing");
  if (json::object* certificates = inner_object(*x509, certificates_member(enrollment.kind))) {
    auto done = read_slot(*certificates, "primary", enrollment, current);
    if (done) done = read_slot(*certificates, "secondary", enrollment, current);
    if (!done) return done;
  }
  const auto* references = ferry::find_object(*x509, "caReferences");
  if (references && enrollment.kind == EnrollmentKind::group) {
    for (const char* name : {"primary", "secondary"}) {
      if (auto ca = ferry::optional_string(*references, name)) {
        enrollment.ca_references.push_back(*std::move(ca));
      }
    }
  }
  if (enrollment.certificates.empty() && enrollment.ca_references.empty()) {
    return refuse(400004, "attestation.x509 names no certificate");
  }
  return {};
}

// Fills Enrollment's parts from the document in it.
Outcome<Enrollment> read_document(Enrollment enrollment, const Enrollment* current) {
  json::object& document = enrollment.document;
  const std::string status = ferry::string_or(document, "provisioningStatus", "enabled");
  enrollment.enabled = ferry::equals_ignore_case(status, "enabled");
  if (!enrollment.enabled && !ferry::equals_ignore_case(status, "disabled")) {
    return refuse(400004, "provisioningStatus is enabled or disabled, not '{}'", status);
  }
  const std::string policy = ferry::string_or(document, "allocationPolicy", "");
  if (ferry::equals_ignore_case(policy, "custom")) {
    return refuse(400004, "custom allocation is not supported by Drydock, which calls no webhooks");
  }
  const bool known = policy.empty() || ferry::equals_ignore_case(policy, "hashed") ||
                     ferry::equals_ignore_case(policy, "geoLatency") ||
                     ferry::equals_ignore_case(policy, "static");
  if (!known) return refuse(400004, "there is no allocation policy '{}'", policy);
  auto done = read_attestation(enrollment, current);
  if (!done) return refuse(std::move(done).error());
  return enrollment;
}

}  // namespace

std::string_view to_string(EnrollmentKind kind) {
  return kind == EnrollmentKind::group ? "group" : "individual";
}
std::string_view id_member(EnrollmentKind kind) {
  return kind == EnrollmentKind::group ? "enrollmentGroupId" : "registrationId";
}

Outcome<Enrollment> parse_enrollment(EnrollmentKind kind, const std::string& id,
                                     const json::object& body, const Enrollment* current,
                                     ferry::Timestamp now) {
  const std::string body_id = ferry::string_or(body, id_member(kind), id);
  if (!ferry::equals_ignore_case(body_id, id)) {
    return refuse(400004, "the ids in the body and in the URL differ");
  }
  if (!is_valid_registration_id(id)) {
    return refuse(400004, "an id has 1 to 128 letters, digits and -._: and ends alphanumeric or -");
  }
  Enrollment enrollment;
  enrollment.kind = kind;
  enrollment.id = current ? current->id : id;
  enrollment.document = body;
  json::object& document = enrollment.document;
  document.erase("registrationState");
  document[id_member(kind)] = enrollment.id;
  if (!document.contains("provisioningStatus")) document["provisioningStatus"] = "enabled";
  if (!document.contains("reprovisionPolicy") || document["reprovisionPolicy"].is_null()) {
    document["reprovisionPolicy"] =
        json::object{{"updateHubAssignment", true}, {"migrateDeviceData", true}};
  }
  if (const auto hub = ferry::optional_string(document, "iotHubHostName")) {
    if (!ferry::find_array(document, "iotHubs")) document["iotHubs"] = json::array{*hub};
    document.erase("iotHubHostName");
  }
  const std::string time = ferry::format_rfc3339(now);
  document["createdDateTimeUtc"] =
      current ? current->document.at("createdDateTimeUtc") : json::value(time);
  document["lastUpdatedDateTimeUtc"] = time;
  document["etag"] = fmt::format("\"{}\"", ferry::random_id("e"));
  return read_document(std::move(enrollment), current);
}

Outcome<Enrollment> enrollment_from_storage(EnrollmentKind kind, const json::object& document) {
  Enrollment enrollment;
  enrollment.kind = kind;
  enrollment.id = ferry::string_or(document, id_member(kind), "");
  enrollment.document = document;
  return read_document(std::move(enrollment), nullptr);
}

json::object public_document(const Enrollment& enrollment) {
  json::object document = enrollment.document;
  json::object* attestation = inner_object(document, "attestation");
  if (attestation) attestation->erase("symmetricKey");
  json::object* x509 = attestation ? inner_object(*attestation, "x509") : nullptr;
  json::object* certificates =
      x509 ? inner_object(*x509, certificates_member(enrollment.kind)) : nullptr;
  for (const char* name : {"primary", "secondary"}) {
    json::object* slot = certificates ? inner_object(*certificates, name) : nullptr;
    if (slot) slot->erase("certificate");
  }
  return document;
}

json::object certificate_info(const Certificate& certificate) {
  return {{"subjectName", "CN=" + certificate.subject_cn()},
          {"sha1Thumbprint", certificate.sha1_thumbprint()},
          {"sha256Thumbprint", certificate.sha256_thumbprint()},
          {"issuerName", "CN=" + certificate.issuer_cn()},
          {"notBeforeUtc", ferry::format_rfc3339(certificate.not_before())},
          {"notAfterUtc", ferry::format_rfc3339(certificate.not_after())},
          {"serialNumber", certificate.serial_hex()},
          {"version", 3}};
}

ReprovisionPolicy reprovision_policy(const Enrollment& enrollment) {
  ReprovisionPolicy policy;
  if (const auto* object = ferry::find_object(enrollment.document, "reprovisionPolicy")) {
    policy.update_hub = ferry::bool_or(*object, "updateHubAssignment", true);
    policy.migrate_data = ferry::bool_or(*object, "migrateDeviceData", true);
  }
  return policy;
}

bool is_valid_registration_id(std::string_view id) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (id.empty() || id.size() > 128) return false;
  for (char c : id) {
    if (!is_alphanumeric(c) && std::string_view("-._:").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return is_alphanumeric(id.back()) || id.back() == '-';
}

}  // namespace drydock::dps
