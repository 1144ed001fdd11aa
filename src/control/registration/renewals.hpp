// SPDX-License-Identifier: Apache-2.0
// Life after registration: a device shows the certificate that it has and gets the next one, or
// hears when to ask.
//
// A new certificate makes the ones before it worthless the first time that it is shown here: until
// then a device that loses the answer, or fails to reach the provisioning service, has lost
// nothing.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "control/registration/issuing.hpp"
#include "control/registration/presented_device.hpp"
#include "net/task.hpp"

namespace ferry::control {

using RenewAnswer = std::variant<IssuedCertificate, AwaitedApproval>;

struct StatusAnswer {
  std::string registration_id;
  Timestamp renew_after;
  std::chrono::seconds check_after{0};
  std::string thumbprint;  // of the certificate that was shown; SHA-256, lower-case hex
  Timestamp not_after;
  json::object device_payload;
  std::string provisioning_host;
  std::string id_scope;
};

class Renewals {
 public:
  explicit Renewals(Context& context) : context_(context) {}

  // `chain`: PEM, leaf first, as TLS gave it. Code::unauthenticated for no certificate, or one that
  // Ferry did not issue; Code::permission_denied when it was revoked, the policy or a person
  // refuses; Code::resource_exhausted for a device that asks again and again.
  net::Task<Result<RenewAnswer>> renew(std::vector<std::string> chain, std::string csr_pem,
                                       std::string address);
  // As renew(); Code::permission_denied for an expired certificate as well, which can renew.
  Result<StatusAnswer> status(const std::vector<std::string>& chain, const std::string& address);

 private:
  Result<RenewAnswer> decide(PresentedDevice& presented, const std::string& csr_pem,
                             const std::string& address);
  Result<std::optional<AwaitedApproval>> admit_late(const PresentedDevice& presented,
                                                    const std::string& key_digest,
                                                    const std::string& why,
                                                    const std::string& address);
  Result<IssuedCertificate> issue(PresentedDevice& presented, const x509::PublicKey& key,
                                  std::string action, const std::string& address);
  Result<bool> confirm(PresentedDevice& presented, const std::string& address);
  Context& context_;
};

}  // namespace ferry::control
