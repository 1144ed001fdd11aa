// SPDX-License-Identifier: Apache-2.0
// Azure Resource Manager: one subscription, authorized calls, long-running operations, provider
// registration. The typed calls per resource are in the files beside this one.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "azure/entra/token_source.hpp"
#include "azure/environment.hpp"
#include "azure/pipeline.hpp"
#include "base/json.hpp"

namespace ferry::azure::arm {

// What a long-running operation says of itself at each look: the service's word ("Running",
// "Activating") and the time since it began. Called on the loop; must not block.
using Progress = std::function<void(std::string_view state, std::chrono::milliseconds elapsed)>;

struct ArmOptions {
  CloudEnvironment environment;
  std::string subscription;
  std::chrono::milliseconds poll_interval{2'000};           // where the service names none
  std::chrono::milliseconds operation_deadline{1'800'000};  // of one long-running operation
  std::string principal;  // client id: limits are counted per subscription and principal
  std::string share;      // on whose behalf: takes turns with others under those limits
  // Whether a resource provider that a write needs is registered without asking.
  bool register_providers = true;
};

struct NameAvailability {
  bool available = false;
  std::string reason;   // "AlreadyExists", "Invalid", or "Unknown" when the check was not allowed
  std::string message;  // the service's words
};

// Paths are resource ids: "/subscriptions/{s}/resourceGroups/{rg}/providers/...". Belongs to one
// loop.
class ArmClient {
 public:
  // `pipeline` and `tokens` must outlive it.
  ArmClient(Pipeline& pipeline, TokenSource& tokens, ArmOptions options);

  const CloudEnvironment& environment() const { return options_.environment; }
  const std::string& subscription() const { return options_.subscription; }
  // The same client, on behalf of `share` (a workspace).
  ArmClient as(std::string share) const;
  std::string limits_scope() const;  // see azure/limits.hpp
  std::string group_id(std::string_view group) const;
  // "{group}/providers/{type}/{name}", `type` such as "Microsoft.Devices/IotHubs".
  std::string resource_id(std::string_view group, std::string_view type,
                          std::string_view name) const;

  // Code::not_found when it is not there.
  net::Task<Result<json::object>> get(std::string id, std::string api_version);
  // All items of a paged list. `query`: more parameters, encoded, such as "$filter=atScope()".
  net::Task<Result<json::array>> list(std::string id, std::string api_version,
                                      std::string query = {});

  // Creates or replaces, waits for the end and returns the finished resource. Registers the
  // resource provider when the subscription lacks it. When another operation on the resource is
  // still running (after a crash, for instance), waits for that one first.
  net::Task<Result<json::object>> put(std::string id, std::string api_version, json::object body,
                                      Progress progress = {}, std::string if_match = {});
  // Waits for the end. That it is already gone is success.
  net::Task<Result<void>> remove(std::string id, std::string api_version, Progress progress = {},
                                 std::string if_match = {});
  // An action such as "{id}/listkeys"; waits when it is long-running.
  net::Task<Result<json::object>> post(std::string id, std::string api_version, json::object body,
                                       std::string if_match = {});

  // Waits until properties.provisioningState is terminal; returns the resource as it is then.
  // A terminal state other than Succeeded is not an error here: look at provisioning_state().
  net::Task<Result<json::object>> wait_until_settled(std::string id, std::string api_version,
                                                     Progress progress = {});

  // POST .../checkNameAvailability. 403 means "Unknown", not failure: the call is advice.
  net::Task<Result<NameAvailability>> check_name(std::string provider_and_action,
                                                 std::string api_version, json::object body);

  // "Microsoft.Devices"; waits until it says Registered.
  net::Task<Result<void>> register_provider(std::string provider, Progress progress = {});

 private:
  Request request(std::string method, std::string url) const;
  std::string url_of(std::string_view id, std::string_view api_version) const;
  // One authorized call; asks for a new token once when the kept one is refused.
  net::Task<Result<net::HttpResponse>> call(Request request);
  // A write that copes with an unregistered provider and with an operation that is still running.
  net::Task<Result<net::HttpResponse>> write(Request request, std::string id,
                                             std::string api_version, Progress progress);
  net::Task<Result<json::value>> finish(net::HttpResponse first, std::string method,
                                        std::string url, Progress progress);
  net::Task<Result<void>> clear_the_way(ServiceError error, std::string id, std::string api_version,
                                        Progress progress);

  Pipeline& pipeline_;
  TokenSource& tokens_;
  ArmOptions options_;
};

// properties.provisioningState, "" when absent.
std::string provisioning_state(const json::object& resource);

}  // namespace ferry::azure::arm
