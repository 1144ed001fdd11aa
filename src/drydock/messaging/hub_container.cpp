// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/hub_container.hpp"

#include "base/encoding.hpp"
#include "drydock/iot_hub/authorization.hpp"
#include "drydock/messaging/hub_nodes.hpp"

namespace drydock::messaging {

using ferry::Code;
using ferry::equals_ignore_case;
using ferry::fail;

namespace {

constexpr std::string_view kEvents = "messages/events";
constexpr std::string_view kDeviceBound = "messages/devicebound";
constexpr std::string_view kFeedback = "messages/serviceBound/feedback";
constexpr std::string_view kFileNotifications = "messages/serviceBound/filenotifications";

// What the peer showed, as an HTTP header would hold it: judged anew for each link, and again.
class ServiceClaim final : public amqp::Claim {
 public:
  explicit ServiceClaim(ferry::Secret authorization) : authorization_(std::move(authorization)) {}
  const ferry::Secret& authorization() const { return authorization_; }

 private:
  ferry::Secret authorization_;
};

bool is_events(std::string_view address) {
  return equals_ignore_case(address.substr(0, kEvents.size()), kEvents) &&
         (address.size() == kEvents.size() || address[kEvents.size()] == '/');
}

// Of what is there over AMQP; what is not there needs no more than a good token.
iot_hub::Need need_of(std::string_view address) {
  if (equals_ignore_case(address, kDeviceBound)) {
    return {iot_hub::kServiceConnect, "cloudToDeviceMessages/send/action"};
  }
  if (equals_ignore_case(address, kFeedback)) {
    return {iot_hub::kServiceConnect, "cloudToDeviceMessages/feedback/action"};
  }
  return {iot_hub::kServiceConnect, "read"};
}

}  // namespace

ferry::Result<std::shared_ptr<const amqp::Claim>> HubContainer::check_password(
    std::string_view, const ferry::Secret& password) {
  return check_token("servicebus.windows.net:sastoken", "", password);
}

ferry::Result<std::shared_ptr<const amqp::Claim>> HubContainer::check_token(
    std::string_view type, std::string_view, const ferry::Secret& token) {
  const auto hub = directory_.find_hub(name_);
  if (!hub) return fail(Code::not_found, "there is no IoT hub '{}'", name_);
  const bool bears = type == "jwt" && !token.reveal().starts_with("Bearer ");
  auto claim =
      std::make_shared<ServiceClaim>(bears ? ferry::Secret("Bearer " + token.reveal()) : token);
  // Some tokens are for the events endpoint alone. Roles are looked at when a link is attached.
  if (type != "jwt") {
    const auto allowed = judge(*hub, claim->authorization(), kEvents, need_of(kEvents));
    if (!allowed) return fail(Code::unauthenticated, "{}", allowed.error().message);
  }
  return claim;
}

iot_hub::Outcome<void> HubContainer::judge(const HubInfo& hub, const ferry::Secret& authorization,
                                           std::string_view address,
                                           const iot_hub::Need& need) const {
  return iot_hub::authorize_service(hub, authorization.reveal(), fmt::format("/{}", address), need,
                                    {&verifier_, &directory_}, clock_.now());
}

amqp::Outcome<void> HubContainer::authorize(const amqp::AttachRequest& request,
                                            const amqp::Claims& claims) {
  const auto hub = directory_.find_hub(name_);
  if (!hub) return amqp::refuse(std::string(amqp::kNotFound), "there is no IoT hub '{}'", name_);
  std::string why = "no token was shown";
  for (const auto& [audience, known] : claims) {
    const auto* claim = dynamic_cast<const ServiceClaim*>(known.get());
    if (claim == nullptr) continue;
    const auto allowed =
        judge(*hub, claim->authorization(), request.address, need_of(request.address));
    if (allowed) return {};
    why = allowed.error().message;
  }
  return amqp::refuse(std::string(amqp::kUnauthorized), "'{}': {}", request.address, why);
}

amqp::Refusal HubContainer::redirect(const HubInfo& hub, std::string_view rest) const {
  return {"amqp:link:redirect",
          "the built-in endpoint has a host name of its own",
          {{"hostname", hub.events.host},
           {"network-host", hub.events.host},
           {"port", std::to_string(endpoints_.amqp_port)},
           {"address", fmt::format("amqps://{}:{}/{}{}", hub.events.host, endpoints_.amqp_port,
                                   hub.events.path, rest)}}};
}

amqp::Outcome<std::unique_ptr<amqp::Node>> HubContainer::attach(const amqp::AttachRequest& request,
                                                                const amqp::Claims& claims) {
  const auto hub = directory_.find_hub(name_);
  if (!hub) return amqp::refuse(std::string(amqp::kNotFound), "there is no IoT hub '{}'", name_);
  auto allowed = authorize(request, claims);
  if (!allowed) return tl::unexpected(std::move(allowed).error());
  const std::string_view address = request.address;
  if (is_events(address)) return tl::unexpected(redirect(*hub, address.substr(kEvents.size())));
  if (equals_ignore_case(address, kDeviceBound) && request.peer_sends) {
    return make_device_bound_node(hubs_, ferry::to_lower(hub->name));
  }
  if (equals_ignore_case(address, kFeedback) && !request.peer_sends) {
    return make_feedback_node(hubs_, ferry::to_lower(hub->name));
  }
  if (equals_ignore_case(address, kFileNotifications)) {
    return amqp::refuse("amqp:not-implemented", "Drydock's hubs do not take uploads of files");
  }
  return amqp::refuse(std::string(amqp::kNotFound), "the hub has no endpoint '{}' over AMQP",
                      address);
}

}  // namespace drydock::messaging
