// SPDX-License-Identifier: Apache-2.0
// Device Provisioning Service's service REST, api-version 2021-10-01: enrollment groups and
// registrations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "azure/pipeline.hpp"
#include "azure/sas.hpp"
#include "base/json.hpp"

namespace ferry::azure {

// A group of devices whose certificates chain up to one signing certificate.
struct EnrollmentGroup {
  std::string id;
  std::string etag;  // empty to create
  bool enabled = true;
  std::string primary_certificate_pem;  // signing certificate; the service does not give it back
  std::string secondary_certificate_pem;
  std::string primary_thumbprint;  // SHA-256 as the service computed it; only read
  bool iot_edge = true;
  std::vector<std::string>
      iot_hubs;  // host names; "static" allocation to the first when one is given
  json::object initial_tags;
  json::object initial_desired;
  // Registering again moves the device to the right hub and keeps its twin; false keeps it where it
  // is.
  bool update_hub_assignment = true;
  bool migrate_device_data = true;
};

// One registration id with client certificates of its own. It decides before any group does.
struct IndividualEnrollment {
  std::string registration_id;
  bool enabled = true;
  std::string primary_certificate_pem;  // client certificate; the service does not give it back
  std::string secondary_certificate_pem;
  bool iot_edge = true;
  std::vector<std::string> iot_hubs;  // as of EnrollmentGroup
  json::object initial_tags;
};

struct RegistrationState {
  std::string registration_id;
  std::string device_id;
  std::string assigned_hub;
  std::string status;  // unassigned, assigning, assigned, failed, disabled
  std::string substatus;
  std::string created;
  std::string last_updated;
  std::int64_t error_code = 0;
  std::string error_message;
  std::string etag;
};

// Authorized by one shared access policy. Belongs to one loop; `pipeline` must outlive it.
class DpsClient {
 public:
  DpsClient(Pipeline& pipeline, SasKey key);

  // Creates when `group.etag` is empty (Code::conflict when it exists), else updates that version
  // (Code::precondition_failed when it has changed).
  net::Task<Result<EnrollmentGroup>> put_group(EnrollmentGroup group);
  net::Task<Result<EnrollmentGroup>> get_group(std::string id);
  net::Task<Result<void>> delete_group(std::string id);  // gone already is success

  // Creates it, or puts it in the place of what is there. Code::precondition_failed when that has
  // changed meanwhile.
  net::Task<Result<void>> put_individual(IndividualEnrollment enrollment);
  net::Task<Result<void>> delete_individual(std::string registration);  // gone already is success

  net::Task<Result<std::vector<RegistrationState>>> list_registrations(std::string group);
  net::Task<Result<RegistrationState>> get_registration(std::string registration);
  net::Task<Result<void>> delete_registration(std::string registration);  // gone already is success

 private:
  Request request(std::string method, std::string path) const;
  net::Task<Result<json::object>> object(Request request);
  net::Task<Result<void>> remove(std::string path);

  Pipeline& pipeline_;
  SasKey key_;
  Authorize authorize_;
};

Result<EnrollmentGroup> read_enrollment_group(const json::object& object);
json::object write_individual_enrollment(const IndividualEnrollment& enrollment);
json::object write_enrollment_group(const EnrollmentGroup& group);
Result<RegistrationState> read_registration(const json::object& object);

}  // namespace ferry::azure
