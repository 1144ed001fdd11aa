// SPDX-License-Identifier: Apache-2.0
// Shared Key authorization of Blob Storage (Storage REST, "Authorize with Shared Key"):
//   Authorization: SharedKey <account>:<base64(HMAC-SHA256(key, string to sign))>
#pragma once

#include "drydock/blob/refusal.hpp"
#include "drydock/directory.hpp"

namespace drydock::blob {

// The service sorts x-ms-* headers as .NET does for en-US, where '-' counts only between equals and
// '_' comes before digits; many clients sort by bytes. Both are accepted.
enum class HeaderOrder { ordinal, linguistic };

std::string string_to_sign(const net::HttpRequest& http, std::string_view account,
                           HeaderOrder order = HeaderOrder::ordinal);

// The signature for that text; nothing when `key` is not base64.
std::optional<std::string> sign(const ferry::Secret& key, std::string_view text);

// `authorization` is the header's value behind "SharedKey ". Checks account, signature by either
// key and that the request's date is within 15 minutes of `now`.
Outcome<void> check_shared_key(const net::HttpRequest& http, std::string_view authorization,
                               const StorageAccountInfo& account, ferry::Timestamp now);

tl::unexpected<Refusal> refuse_authentication(std::string detail);

}  // namespace drydock::blob
