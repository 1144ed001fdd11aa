// SPDX-License-Identifier: Apache-2.0
// Private to net/.
#pragma once

#include <string>

namespace ferry::net {

// Takes the errors of this thread off OpenSSL's queue and puts them into words.
std::string openssl_failure();

}  // namespace ferry::net
