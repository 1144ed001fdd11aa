// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/sign_ins.hpp"

namespace ferry::control {
namespace {

// How long the outcome can be asked for after the code's own end.
constexpr std::chrono::minutes kRemembered{30};

}  // namespace

std::string SignIns::add(const fleet::OrganizationId& organization, const azure::DeviceCode& code,
                         Timestamp now) {
  std::erase_if(entries_,
                [&](const auto& item) { return item.second.view.expires_at + kRemembered < now; });
  SignInView view{.id = random_id("signin"),
                  .user_code = code.user_code,
                  .verification_uri = code.verification_uri,
                  .message = code.message,
                  .expires_at = now + code.life};
  const std::string id = view.id;
  entries_.emplace(id, Entry{organization, std::move(view)});
  return id;
}

std::optional<SignInView> SignIns::find(const fleet::OrganizationId& organization,
                                        const std::string& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.organization != organization) return std::nullopt;
  return found->second.view;
}

void SignIns::succeeded(const std::string& id, const std::string& account) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  found->second.view.status = fleet::RunState::succeeded;
  found->second.view.account = account;
}

void SignIns::failed(const std::string& id, Error error) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  found->second.view.status = fleet::RunState::failed;
  found->second.view.error = std::move(error);
}

}  // namespace ferry::control
