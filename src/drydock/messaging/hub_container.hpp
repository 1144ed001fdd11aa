// SPDX-License-Identifier: Apache-2.0
// IoT Hub's service side over AMQP: messages to devices, the feedback on them, and the way to the
// built-in endpoint.
#pragma once

#include "drydock/amqp/container.hpp"
#include "drydock/iot_hub/service.hpp"

namespace drydock::messaging {

class HubContainer final : public amqp::Container {
 public:
  // `name` is the hub's. What is referred to must outlive it.
  HubContainer(const Directory& directory, const TokenVerifier& verifier, const ferry::Clock& clock,
               iot_hub::IotHubService& hubs, const Endpoints& endpoints, std::string name)
      : directory_(directory),
        verifier_(verifier),
        clock_(clock),
        hubs_(hubs),
        endpoints_(endpoints),
        name_(std::move(name)) {}

  // The user is "{policy}@sas.root.{hub}", the password a shared access signature.
  ferry::Result<std::shared_ptr<const amqp::Claim>> check_password(
      std::string_view user, const ferry::Secret& password) override;
  ferry::Result<std::shared_ptr<const amqp::Claim>> check_token(
      std::string_view type, std::string_view audience, const ferry::Secret& token) override;
  amqp::Outcome<std::unique_ptr<amqp::Node>> attach(const amqp::AttachRequest& request,
                                                    const amqp::Claims& claims) override;
  amqp::Outcome<void> authorize(const amqp::AttachRequest& request,
                                const amqp::Claims& claims) override;

 private:
  iot_hub::Outcome<void> judge(const HubInfo& hub, const ferry::Secret& authorization,
                               std::string_view address, const iot_hub::Need& need) const;
  amqp::Refusal redirect(const HubInfo& hub, std::string_view rest) const;

  const Directory& directory_;
  const TokenVerifier& verifier_;
  const ferry::Clock& clock_;
  iot_hub::IotHubService& hubs_;
  const Endpoints& endpoints_;
  std::string name_;
};

}  // namespace drydock::messaging
