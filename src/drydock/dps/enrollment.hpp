// SPDX-License-Identifier: Apache-2.0
// Enrollment groups and individual enrollments, with X.509 or symmetric key attestation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "drydock/dps/refusal.hpp"
#include "x509/certificate.hpp"

namespace drydock::dps {

namespace json = ferry::json;

enum class EnrollmentKind { group, individual };
std::string_view to_string(EnrollmentKind kind);
std::string_view id_member(EnrollmentKind kind);  // "enrollmentGroupId" or "registrationId"

struct SymmetricKeys {
  ferry::Secret primary;  // base64 text
  ferry::Secret secondary;
};

struct Enrollment {
  EnrollmentKind kind = EnrollmentKind::group;
  std::string id;         // as first written; compared without case
  json::object document;  // as the service gives it, but with certificates' text and keys
  // Read from the document:
  bool enabled = true;
  std::vector<ferry::x509::Certificate> certificates;  // signing or client certificates
  std::vector<std::string> ca_references;              // of groups: names of the instance's CAs
  std::optional<SymmetricKeys> keys;
};

// The body of a PUT. `current` is what there is already: its creation time stays, and so do its
// certificates where the body repeats only their `info`, and its keys where the body has none; new
// ones are made where there were none. 400004 for what the service does not take.
Outcome<Enrollment> parse_enrollment(EnrollmentKind kind, const std::string& id,
                                     const json::object& body, const Enrollment* current,
                                     ferry::Timestamp now);
Outcome<Enrollment> enrollment_from_storage(EnrollmentKind kind, const json::object& document);

// Without keys and the certificates' text, with what those say instead.
json::object public_document(const Enrollment& enrollment);
json::object certificate_info(const ferry::x509::Certificate& certificate);

struct ReprovisionPolicy {
  bool update_hub = true;
  bool migrate_data = true;
};
ReprovisionPolicy reprovision_policy(const Enrollment& enrollment);

// Registration ids: 1 to 128 characters of letters, digits and -._: , the last one alphanumeric or
// -.
bool is_valid_registration_id(std::string_view id);

}  // namespace drydock::dps
