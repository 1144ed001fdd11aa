// SPDX-License-Identifier: Apache-2.0
// What a service offers over AMQP: it admits peers, checks their tokens, and makes a node for each
// link that they attach. The engine below it is Connection.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "drydock/amqp/message.hpp"

namespace drydock::amqp {

class Link;

// Why a link or a message is refused, in AMQP's terms (part 2, s.2.8.15, and Azure's own).
struct Refusal {
  std::string condition;  // "amqp:not-found"
  std::string description;
  std::vector<std::pair<std::string, std::string>> info = {};  // of a redirect
};
template <class T>
using Outcome = tl::expected<T, Refusal>;

template <class... Args>
tl::unexpected<Refusal> refuse(std::string condition, fmt::format_string<Args...> text,
                               Args&&... args) {
  return tl::unexpected(
      Refusal{std::move(condition), fmt::format(text, std::forward<Args>(args)...)});
}

inline constexpr std::string_view kNotFound = "amqp:not-found";
inline constexpr std::string_view kUnauthorized = "amqp:unauthorized-access";
inline constexpr std::string_view kNotAllowed = "amqp:not-allowed";
inline constexpr std::string_view kInternal = "amqp:internal-error";
inline constexpr std::string_view kStolen = "amqp:link:stolen";
inline constexpr std::string_view kTooLarge = "amqp:link:message-size-exceeded";
inline constexpr std::string_view kLimit = "amqp:resource-limit-exceeded";
inline constexpr std::string_view kArgument = "com.microsoft:argument-error";

// What became of a delivery.
struct Settlement {
  enum class State { accepted, rejected, released, modified };
  State state = State::accepted;
  std::optional<Refusal> error = std::nullopt;  // of a rejected one
};

// What a peer proves to be by SASL or a token, in the terms of the service that checked it.
class Claim {
 public:
  virtual ~Claim() = default;
};
// By the audience that the peer gave; a later token for the same audience replaces the earlier.
using Claims = std::map<std::string, std::shared_ptr<const Claim>>;

struct AttachRequest {
  std::string link;                             // its name
  bool peer_sends = false;                      // we receive
  std::string address;                          // the target's if the peer sends, else the source's
  std::optional<std::string> selector;          // apache.org:selector-filter:string
  std::map<std::string, std::int64_t> numbers;  // link properties, e.g. com.microsoft:epoch
  std::map<std::string, std::string> texts;     // e.g. com.microsoft:receiver-name
  std::vector<std::string> desired_capabilities;
};

// The service's end of one link. Belongs to its link and ends with it.
class Node {
 public:
  virtual ~Node() = default;
  // The link is open and may be used; not before.
  virtual void attached(Link&) {}
  // There is credit, or room again, to send by.
  virtual void ready(Link&) {}
  // A message has come in whole; it must be answered by Link::settle, now or later.
  virtual void received(Link&, std::uint64_t /*delivery*/, std::uint32_t /*message_format*/,
                        std::string /*bytes*/) {}
  // The peer settled what was sent unsettled.
  virtual void settled(Link&, std::string_view /*tag*/, const Settlement&) {}

  // Of links that the peer sends by: announced to it, and enforced.
  virtual std::uint64_t max_message_size() const { return 0; }
  virtual int credit() const { return 300; }
};

class Container {
 public:
  virtual ~Container() = default;
  // SASL PLAIN; the claim holds for the whole connection.
  virtual ferry::Result<std::shared_ptr<const Claim>> check_password(
      std::string_view user, const ferry::Secret& password) = 0;
  // A token put to $cbs; `type` is "servicebus.windows.net:sastoken" or "jwt".
  virtual ferry::Result<std::shared_ptr<const Claim>> check_token(std::string_view type,
                                                                  std::string_view audience,
                                                                  const ferry::Secret& token) = 0;
  virtual Outcome<std::unique_ptr<Node>> attach(const AttachRequest& request,
                                                const Claims& claims) = 0;
  // Whether `claims` (still) permit what the link is for; asked again from time to time.
  virtual Outcome<void> authorize(const AttachRequest& request, const Claims& claims) = 0;
};

}  // namespace drydock::amqp
