// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/hub_container.hpp"

#include "base/encoding.hpp"
#include "drydock/iot_hub/authorization.hpp"
#include "drydock/iot_hub/sas.hpp"
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

// The right ServiceConnect, which is all that is asked for here.
class ServiceClaim final : public amqp::Claim {
 public:
  explicit ServiceClaim(ferry::Timestamp expiry) : expiry_(expiry) {}
  bool is_valid(ferry::Timestamp now) const override { return now < expiry_; }

 private:
  ferry::Timestamp expiry_;
};

bool is_events(std::string_view address) {
  return equals_ignore_case(address.substr(0, kEvents.size()), kEvents) &&
         (address.size() == kEvents.size() || address[kEvents.size()] == '/');
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
  if (type == "jwt") {
    return fail(Code::unsupported, "over AMQP Drydock's hubs take shared access signatures only");
  }
  const auto parsed = iot_hub::parse_sas(token.reveal());
  if (!parsed) return fail(parsed.error());
  // Tokens for the events endpoint name it; they are good for what leads there.
  HubInfo info = *hub;
  const auto allowed =
      iot_hub::authorize_service(info, token.reveal(), iot_hub::kServiceConnect, clock_.now());
  if (!allowed && !iot_hub::covers(*parsed, info.host_name + "/messages/events")) {
    return fail(Code::unauthenticated, "{}", allowed.error().message);
  }
  if (!allowed) {
    info.host_name += "/messages/events";
    const auto for_events =
        iot_hub::authorize_service(info, token.reveal(), iot_hub::kServiceConnect, clock_.now());
    if (!for_events) return fail(Code::unauthenticated, "{}", for_events.error().message);
  }
  return std::make_shared<ServiceClaim>(ferry::from_unix_seconds(parsed->expiry));
}

amqp::Outcome<void> HubContainer::authorize(const amqp::AttachRequest& request,
                                            const amqp::Claims& claims) {
  const ferry::Timestamp now = clock_.now();
  for (const auto& [audience, claim] : claims) {
    if (claim->is_valid(now)) return {};
  }
  return amqp::refuse(std::string(amqp::kUnauthorized),
                      "'{}' needs a valid token with the right ServiceConnect", request.address);
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
