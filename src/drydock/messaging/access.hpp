// SPDX-License-Identifier: Apache-2.0
// Who may send to and read from event hubs: shared access signatures and keys, Entra's tokens.
#pragma once

#include <functional>

#include "drydock/amqp/container.hpp"
#include "drydock/directory.hpp"

namespace drydock::messaging {

enum Right : unsigned { kListen = 1, kSend = 2, kManage = 4 };
unsigned rights_of(std::string_view text);  // "Listen, Send"

// An authorization rule and what it is for: an event hub, or all of them when `path` is empty.
struct ScopedPolicy {
  std::string path;  // lower case
  SharedAccessPolicy policy;
  unsigned rights = 0;
  // IoT Hub's keys are also taken base64-decoded, as some of its tools sign.
  bool decoded_key_too = false;
};

class EventHubsClaim final : public amqp::Claim {
 public:
  std::string path;       // lower case: what it covers; empty for everything
  unsigned rights = 0;    // of a signature or key
  std::string principal;  // of an Entra token: its roles decide
  std::optional<ferry::Timestamp> expiry;

  bool is_valid(ferry::Timestamp now) const { return !expiry || now < *expiry; }
  // Whether it covers "hub/partitions/1" or the like.
  bool covers(std::string_view lower_path) const;
};

using ClaimResult = ferry::Result<std::shared_ptr<const amqp::Claim>>;

// Code::unauthenticated says why not, without the token.
ClaimResult check_signature(const std::vector<ScopedPolicy>& policies, std::string_view token,
                            ferry::Timestamp now);
ClaimResult check_key(const std::vector<ScopedPolicy>& policies, std::string_view name,
                      const ferry::Secret& key);
ClaimResult check_entra_token(const TokenVerifier& verifier, std::string_view token);

// The path of "sb://host:port/hub/x" or of what stands for it, lower case, without slashes around.
std::string resource_path(std::string_view resource);

}  // namespace drydock::messaging
