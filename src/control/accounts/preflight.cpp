// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/preflight.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "azure/arm/authorization.hpp"
#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "azure/arm/subscriptions.hpp"
#include "control/accounts/cloud_role.hpp"
#include "fleet/adoption.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;

struct ProviderNeed {
  std::string_view provider;
  std::vector<std::string_view> types;
};

std::vector<ProviderNeed> providers_for(const WorkspaceToBe& wanted) {
  std::vector<ProviderNeed> needs = {{"Microsoft.Devices", {"IotHubs", "ProvisioningServices"}},
                                     {"Microsoft.Storage", {"storageAccounts"}},
                                     {"Microsoft.ContainerRegistry", {"registries"}}};
  if (wanted.event_hubs) needs.push_back({"Microsoft.EventHub", {"namespaces"}});
  return needs;
}

// These end the preflight: nothing else can be asked either.
bool is_fatal(const Error& error) {
  return error.code == Code::unauthenticated || error.code == Code::unavailable ||
         error.code == Code::deadline_exceeded || error.code == Code::cancelled;
}

class Preflight {
 public:
  Preflight(std::shared_ptr<CloudConnection> cloud, std::string account, WorkspaceToBe wanted)
      : cloud_(std::move(cloud)),
        arm_(cloud_->arm.as(wanted.share)),
        account_(std::move(account)),
        wanted_(std::move(wanted)) {}

  net::Task<Result<PreflightReport>> run() {
    // The tier of a hub that is adopted is what it is.
    if (wanted_.adopted.iot_hub.empty()) report_.findings = check_sku(wanted_.sku, wanted_.units);
    using Check = net::Task<Result<void>> (Preflight::*)();
    for (const Check check :
         {&Preflight::subscription, &Preflight::permissions, &Preflight::providers,
          &Preflight::location, &Preflight::quota, &Preflight::adopted}) {
      auto checked = co_await (this->*check)();
      if (!checked) co_return fail(std::move(checked).error().with("check the cloud account"));
    }
    co_return in_order();
  }

 private:
  void add(Severity severity, std::string code, std::string subject, std::string message,
           std::string hint = {}) {
    report_.findings.push_back(
        {severity, std::move(code), std::move(subject), std::move(message), std::move(hint)});
  }

  // The worst first, else as they were found.
  PreflightReport in_order() const {
    PreflightReport ordered;
    for (const auto severity : {Severity::error, Severity::warning, Severity::info}) {
      std::ranges::copy_if(report_.findings, std::back_inserter(ordered.findings),
                           [=](const Finding& finding) { return finding.severity == severity; });
    }
    return ordered;
  }

  // A question without an answer: noted, unless it ends everything.
  Result<void> unanswered(Error error, std::string subject) {
    if (is_fatal(error)) return fail(std::move(error));
    add(Severity::info, "unknown", std::move(subject),
        fmt::format("could not be checked: {}", error.message));
    return {};
  }

  net::Task<Result<void>> subscription() {
    auto subscription = co_await arm::get_subscription(arm_);
    if (!subscription) co_return unanswered(std::move(subscription).error(), "subscription");
    const bool usable = subscription->state.empty() ||
                        equals_ignore_case(subscription->state, "Enabled") ||
                        equals_ignore_case(subscription->state, "Warned");
    if (!usable) {
      add(Severity::error, "subscription_disabled", subscription->id,
          fmt::format("the subscription is {}", subscription->state),
          "enable it in the cloud's portal (billing), or connect another one");
    }
    co_return Result<void>();
  }

  std::string role_hint() const {
    return fmt::format("ferry cloud-account role {} prints the role to create and to assign",
                       account_);
  }

  net::Task<Result<void>> permissions() {
    auto granted = co_await arm::list_permissions(arm_, "/subscriptions/" + arm_.subscription());
    if (!granted) co_return unanswered(std::move(granted).error(), "permissions");
    const RoleFeatures features{.event_hubs = wanted_.event_hubs,
                                .identity_based = wanted_.identity_based,
                                .register_providers = wanted_.register_providers};
    for (const auto& needed : needed_actions(features)) {
      if (arm::allows_action(*granted, needed.action)) continue;
      add(needed.required ? Severity::error : Severity::warning, "missing_permission",
          needed.action,
          needed.required
              ? fmt::format("the credential may not {}", needed.action)
              : fmt::format("the credential may not {}: some checks are left out", needed.action),
          role_hint());
    }
    co_return Result<void>();
  }

  net::Task<Result<void>> providers() {
    for (const auto& need : providers_for(wanted_)) {
      const std::string name(need.provider);
      auto provider = co_await arm::get_resource_provider(arm_, name);
      if (!provider) {
        auto noted = unanswered(std::move(provider).error(), name);
        if (!noted) co_return noted;
        continue;
      }
      check_region(need, *provider);
      if (provider->registered()) continue;
      auto registered = co_await consider_registration(name, provider->state);
      if (!registered) co_return registered;
    }
    co_return Result<void>();
  }

  void check_region(const ProviderNeed& need, const arm::ResourceProvider& provider) {
    if (wanted_.location.empty()) return;
    for (const auto type : need.types) {
      if (provider.offers(type, wanted_.location)) continue;
      add(Severity::error, "location_not_offered", wanted_.location,
          fmt::format("{}/{} is not offered in {}", need.provider, type, wanted_.location),
          fmt::format("it is in: {}", fmt::join(provider.types.at(to_lower(type)), ", ")));
    }
  }

  net::Task<Result<void>> consider_registration(std::string name, std::string state) {
    if (!wanted_.register_providers) {
      add(Severity::error, "provider_not_registered", name,
          fmt::format("resource provider {} is {} in the subscription", name,
                      state.empty() ? "not registered" : state),
          fmt::format("agree with --register-providers, or: az provider register --namespace {}",
                      name));
      co_return Result<void>();
    }
    auto registered = co_await arm_.register_provider(name);
    if (registered) {
      add(Severity::info, "provider_registered", name,
          fmt::format("resource provider {} has been registered", name));
      co_return Result<void>();
    }
    if (is_fatal(registered.error())) co_return registered;
    add(Severity::error, "provider_not_registered", name,
        fmt::format("resource provider {} cannot be registered: {}", name,
                    registered.error().message),
        fmt::format("let somebody with the right run: az provider register --namespace {}", name));
    co_return Result<void>();
  }

  net::Task<Result<void>> location() {
    if (wanted_.location.empty()) co_return Result<void>();
    auto locations = co_await arm::list_locations(arm_);
    if (!locations) co_return unanswered(std::move(locations).error(), wanted_.location);
    const bool known = std::ranges::any_of(
        *locations, [&](const auto& place) { return same_place(place, wanted_.location); });
    if (!known) {
      add(Severity::error, "location_unknown", wanted_.location,
          fmt::format("the subscription has no region '{}'", wanted_.location),
          fmt::format("ferry cloud-account locations {} lists them", account_));
    }
    co_return Result<void>();
  }

  static bool same_place(const arm::Location& place, std::string_view wanted) {
    std::string plain = to_lower(wanted);
    std::erase(plain, ' ');
    return equals_ignore_case(place.name, plain);
  }

  net::Task<Result<void>> quota() {
    auto hubs = co_await quota_of_hubs();
    if (!hubs) co_return hubs;
    if (wanted_.location.empty() || !wanted_.adopted.storage_account.empty()) {
      co_return Result<void>();
    }
    auto accounts = co_await arm::list_storage_usages(arm_, wanted_.location);
    if (!accounts) co_return unanswered(std::move(accounts).error(), "quota of storage accounts");
    for (const auto& usage : *accounts) {
      if (equals_ignore_case(usage.name, "StorageAccounts")) check_usage(usage, "storage accounts");
    }
    co_return Result<void>();
  }

  net::Task<Result<void>> quota_of_hubs() {
    if (!wanted_.adopted.iot_hub.empty()) co_return Result<void>();
    auto hubs = co_await arm::list_iot_hub_usages(arm_);
    if (!hubs) {
      auto noted = unanswered(std::move(hubs).error(), "quota of IoT hubs");
      if (!noted) co_return noted;
    } else {
      const bool free = equals_ignore_case(wanted_.sku, "F1");
      for (const auto& usage : *hubs) {
        const bool about_free = to_lower(usage.name).find("free") != std::string::npos ||
                                to_lower(usage.name).find("f1") != std::string::npos;
        if (about_free == free) check_usage(usage, "IoT hubs");
      }
    }
    co_return Result<void>();
  }

  void check_usage(const arm::Usage& usage, std::string_view what) {
    if (usage.limit <= 0 || usage.current < usage.limit) return;
    add(Severity::error, "quota_exhausted", usage.name,
        fmt::format("the subscription has {} of {} {} ({})", usage.current, usage.limit, what,
                    usage.name),
        "delete one that is not needed, or ask the cloud for a higher limit");
  }

  // Read where they are; nothing of them is changed.
  net::Task<Result<void>> adopted() {
    fleet::Workspace workspace;
    workspace.location = wanted_.location;
    workspace.options.adopted = wanted_.adopted;
    workspace.options.identity_based = wanted_.identity_based;
    if (wanted_.event_hubs) workspace.options.event_hubs.emplace();
    auto ids = fleet::check_adopted_ids(wanted_.adopted, arm_.subscription());
    if (!ids) {
      add(Severity::error, "adopt_wrong_id", "adopt", ids.error().message, ids.error().hint);
      co_return Result<void>();
    }
    for (const auto& resource : fleet::desired_resources(workspace)) {
      if (!resource.adopted) continue;
      const std::string id = fmt::format("/subscriptions/{}{}", arm_.subscription(), resource.path);
      auto document = co_await arm_.get(id, resource.api_version);
      if (!document && document.error().code == Code::not_found) {
        add(Severity::error, "adopt_not_found", resource.name,
            fmt::format("{} is not there, or the credential may not read it", id), role_hint());
        continue;
      }
      if (!document) {
        auto noted = unanswered(std::move(document).error(), resource.name);
        if (!noted) co_return noted;
        continue;
      }
      std::ranges::move(fleet::judge_adopted(resource, *document, workspace),
                        std::back_inserter(report_.findings));
    }
    co_return Result<void>();
  }

  std::shared_ptr<CloudConnection> cloud_;
  arm::ArmClient arm_;
  std::string account_;
  WorkspaceToBe wanted_;
  PreflightReport report_;
};

}  // namespace

WorkspaceToBe to_be(const fleet::Workspace& workspace) {
  const auto& options = workspace.options;
  WorkspaceToBe wanted;
  wanted.location = workspace.location;
  wanted.sku = options.sku;
  wanted.units = options.units;
  wanted.event_hubs = options.event_hubs.has_value();
  wanted.identity_based = options.identity_based;
  wanted.adopted = options.adopted;
  return wanted;
}

bool PreflightReport::passed() const {
  return std::ranges::none_of(
      findings, [](const auto& finding) { return finding.severity == Severity::error; });
}

std::vector<Finding> check_sku(const std::string& sku, int units) {
  struct Known {
    std::string_view name;
    int most;
  };
  static constexpr Known kKnown[] = {{"F1", 1}, {"S1", 200}, {"S2", 200}, {"S3", 10}};
  const std::string name = to_upper(sku);
  if (name == "B1" || name == "B2" || name == "B3") {
    return {{Severity::error, "sku_unsupported", sku,
             "Basic tiers of IoT Hub have no device twins and no IoT Edge deployments",
             "use S1 or above, or F1 to try things out"}};
  }
  const auto* known = std::ranges::find(kKnown, name, &Known::name);
  if (known == std::end(kKnown)) {
    return {{Severity::error, "sku_unsupported", sku, fmt::format("there is no tier '{}'", sku),
             "F1, S1, S2 or S3"}};
  }
  if (units < 1 || units > known->most) {
    return {{Severity::error, "units_refused", sku,
             fmt::format("{} takes 1 to {} units, not {}", name, known->most, units),
             "choose another number or tier"}};
  }
  if (name == "F1") {
    return {{Severity::warning, "free_limits", sku,
             "a free hub takes 8,000 messages a day, 500 devices, 10 deployments, 1 custom "
             "endpoint, 5 routes and 2 partitions; a subscription has one of them",
             "its tier cannot be raised later: make it S1 for anything but a trial"}};
  }
  return {};
}

net::Task<Result<PreflightReport>> run_preflight(std::shared_ptr<CloudConnection> cloud,
                                                 std::string account_name, WorkspaceToBe wanted) {
  Preflight preflight(std::move(cloud), std::move(account_name), std::move(wanted));
  co_return co_await preflight.run();
}

}  // namespace ferry::control
