// SPDX-License-Identifier: Apache-2.0
// A device that shows its certificate. TLS proved that it holds the key and judged nothing else;
// here it is judged by what Ferry's database knows of it.
#pragma once

#include <string>
#include <vector>

#include "fleet/types.hpp"
#include "store/certificates.hpp"

namespace ferry::control {

struct Context;

struct PresentedDevice {
  fleet::Workspace workspace;
  fleet::Node node;
  store::CertificateRecord certificate;  // that was shown; may have expired
  store::CertificateRecord newest;       // that the node should use
};

// `chain`: PEM, leaf first, as TLS gave it. Code::unauthenticated for no certificate, or one that
// is no node's here; Code::permission_denied when it, the node, its group or its workspace was
// revoked; Code::resource_exhausted for an address with too many failures.
Result<PresentedDevice> identify_device(Context& context, const std::vector<std::string>& chain,
                                        const std::string& address);

inline constexpr std::string_view kSuperseded = "superseded";
// Revoked for no other reason than that a newer one has been taken into use.
bool is_superseded(const store::CertificateRecord& record);

// Code::permission_denied for a certificate that has expired or was superseded.
Result<void> check_current(const Context& context, const PresentedDevice& presented);

// Code::permission_denied when another device has been registered as this node since: the
// certificate works until that one is in use, and has no successor.
Result<void> check_not_replaced(const PresentedDevice& presented);

// Code::resource_exhausted when `owner` has had so many certificates in a day that more would not
// mend what is wrong with it.
Result<void> check_daily_count(const Context& context, const std::string& owner);

}  // namespace ferry::control
