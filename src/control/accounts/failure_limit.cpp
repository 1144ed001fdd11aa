// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/failure_limit.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::control {
namespace {

constexpr std::size_t kSlots = 1 << 14;

}  // namespace

FailureLimit::FailureLimit(const Clock& clock, FailureAllowance allowance)
    : clock_(clock), allowance_(allowance), secret_(random_bytes(32)), paid_until_(kSlots) {}

std::size_t FailureLimit::slot(std::string_view key) const {
  const std::string digest = hmac_sha256(secret_, key);
  std::uint32_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return number % kSlots;
}

Result<void> FailureLimit::check(std::string_view key) const {
  const auto ahead = paid_until_[slot(key)] - clock_.now();
  const auto wait = ahead - (allowance_.burst - 1) * allowance_.refill;
  if (wait <= wait.zero()) return {};
  return fail(Error{
      Code::resource_exhausted, "too many failed attempts",
      fmt::format("try again in {} s", std::chrono::ceil<std::chrono::seconds>(wait).count())});
}

void FailureLimit::count(std::string_view key) {
  auto& paid = paid_until_[slot(key)];
  paid = std::max(paid, clock_.now()) + allowance_.refill;
}

void FailureLimit::forgive(std::string_view key) {
  paid_until_[slot(key)] = {};
}

std::string address_key(std::string_view peer_address) {
  const auto colon = peer_address.rfind(':');
  std::string host(peer_address.substr(0, colon));
  in6_addr wide{};
  if (::inet_pton(AF_INET6, host.c_str(), &wide) != 1) return host;
  return "net " + hex_encode(std::string_view(reinterpret_cast<const char*>(&wide), 8));
}

}  // namespace ferry::control
