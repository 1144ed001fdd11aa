// SPDX-License-Identifier: Apache-2.0
// Where the private keys of authorities are: sealed in the store, under the certificate's id. The
// only place that knows; everything else asks for a signer.
#pragma once

#include <memory>

#include "control/context.hpp"
#include "x509/signer.hpp"

namespace ferry::control {

// `id`: of the authority's certificate, or of the request that waits for one.
Result<void> keep_ca_key(Context& context, const std::string& id, const x509::PrivateKey& key);
// Code::conflict when Ferry does not hold that key.
Result<std::shared_ptr<const x509::Signer>> open_signer(const Context& context,
                                                        const std::string& id);
// The key that `from` waited with is now that of `to`.
Result<void> move_ca_key(Context& context, const std::string& from, const std::string& to);
Result<void> forget_ca_key(Context& context, const std::string& id);
// Everything of an owner that goes: keys, requests, certificates, rollovers and policy.
Result<void> forget_authorities(Context& context, const std::string& owner);

}  // namespace ferry::control
