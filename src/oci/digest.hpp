// SPDX-License-Identifier: Apache-2.0
// Content addresses: "sha256:" and 64 lower-case hex digits. sha512 is understood, never written.
#pragma once

#include <string>
#include <string_view>

namespace ferry::oci {

std::string sha256_digest(std::string_view bytes);
bool is_digest(std::string_view text);
// Whether `bytes` have that digest; false for an algorithm other than sha256.
bool matches_digest(std::string_view bytes, std::string_view digest);

}  // namespace ferry::oci
