// SPDX-License-Identifier: Apache-2.0
#include "fleet/adoption.hpp"

#include "base/encoding.hpp"
#include "fleet/azure_id.hpp"

namespace ferry::fleet {
namespace {

std::string text_at(const json::object& document, std::string_view path) {
  const auto* value = find_path(document, path);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

std::optional<bool> flag_at(const json::object& document, std::string_view path) {
  const auto* value = find_path(document, path);
  const auto* flag = value ? value->if_bool() : nullptr;
  return flag ? std::optional<bool>(*flag) : std::nullopt;
}

std::string plain_location(std::string_view location) {
  std::string plain = to_lower(location);
  std::erase(plain, ' ');
  return plain;
}

class Judge {
 public:
  Judge(const DesiredResource& entry, const json::object& document, const Workspace& workspace)
      : entry_(entry), document_(document), workspace_(workspace) {}

  std::vector<Finding> run() {
    common();
    if (entry_.kind == keys::kIotHub) hub();
    if (entry_.kind == keys::kProvisioningService) provisioning_service();
    if (entry_.kind == keys::kStorageAccount) storage_account();
    if (entry_.kind == keys::kRegistry) registry();
    return std::move(findings_);
  }

 private:
  void add(Severity severity, std::string code, std::string_view message, std::string hint = {}) {
    findings_.push_back({severity, std::move(code), entry_.name,
                         fmt::format("{} {}: {}", entry_.title, entry_.name, message),
                         std::move(hint)});
  }

  void common() {
    const auto state = text_at(document_, "properties.provisioningState");
    if (!state.empty() && !equals_ignore_case(state, "Succeeded")) {
      add(Severity::error, "adopt_not_ready", fmt::format("it is {}", state),
          "wait until it has settled, or mend it in the cloud");
    }
    const auto location = string_or(document_, "location", "");
    const bool known = !workspace_.location.empty();
    if (known && plain_location(location) != plain_location(workspace_.location)) {
      add(Severity::warning, "adopt_elsewhere",
          fmt::format("it is in {}, the workspace in {}", location, workspace_.location),
          "traffic between regions is slower, and is paid for");
    }
    const auto network = text_at(document_, "properties.publicNetworkAccess");
    if (equals_ignore_case(network, "Disabled")) {
      add(Severity::warning, "adopt_private", "it cannot be reached from public networks",
          "Ferry and the devices must run where it can be reached");
    }
  }

  void keys_must_work(std::string_view path, bool refused) {
    if (flag_at(document_, path) != refused) return;
    add(Severity::error, "adopt_keys_refused", "it does not allow access by key, which Ferry needs",
        "allow it, or let Ferry make one of its own");
  }

  void minimum_tls(std::string_view path, std::string_view wanted) {
    const auto minimum = text_at(document_, path);
    if (minimum == wanted) return;
    add(Severity::warning, "adopt_tls",
        fmt::format("it accepts TLS before 1.2 ({})", minimum.empty() ? "no minimum" : minimum),
        "Ferry leaves it as it is: raise it when all its clients can");
  }

  void hub() {
    const auto sku = text_at(document_, "sku.name");
    auto options = workspace_.options;
    take_tier(options, document_);
    auto usable = check_tier(options);
    if (!usable)
      add(Severity::error, "sku_unsupported", usable.error().message,
          "adopt a hub of tier S1, S2 or S3 (or F1 to try it out)");
    if (sku == "F1") {
      add(Severity::warning, "free_limits",
          "a free hub takes 8,000 messages a day, 500 devices, 10 deployments, 1 custom endpoint, "
          "5 routes",
          "its tier cannot be raised later");
    }
    minimum_tls("properties.minTlsVersion", "1.2");
    keys_must_work("properties.disableLocalAuth", true);
    if (flag_at(document_, "properties.routing.fallbackRoute.isEnabled") == false) {
      add(Severity::warning, "adopt_fallback_off",
          "its fallback route is off: messages that no route takes are lost",
          "az iot hub message-route fallback set --enabled true");
    }
    if (!workspace_.options.event_hubs) return;
    add(Severity::warning, "adopt_routes",
        "a route to the workspace's event hub will be added for all messages, which then reach the "
        "built-in endpoint only by a route of their own",
        "add a route to 'events' first when somebody reads there");
    if (workspace_.options.identity_based && text_at(document_, "identity.principalId").empty()) {
      add(Severity::error, "adopt_no_identity",
          "it has no identity of its own to send to the event hub with",
          fmt::format("az iot hub identity assign --name {} --system-assigned", entry_.name));
    }
  }

  void provisioning_service() {
    add(Severity::info, "adopt_link", "the workspace's IoT hub will be linked if it is not");
  }

  void storage_account() {
    const auto kind = string_or(document_, "kind", "");
    if (kind != "StorageV2" && kind != "BlobStorage" && kind != "BlockBlobStorage") {
      add(Severity::error, "adopt_kind", fmt::format("an account of kind {} does not do", kind),
          "adopt one of kind StorageV2, BlobStorage or BlockBlobStorage");
    }
    minimum_tls("properties.minimumTlsVersion", "TLS1_2");
    keys_must_work("properties.allowSharedKeyAccess", false);
    if (flag_at(document_, "properties.supportsHttpsTrafficOnly") == false) {
      add(Severity::warning, "adopt_http", "it also takes requests without TLS",
          "Ferry leaves it as it is, and uses TLS");
    }
    // Absent means allowed, for accounts from before the switch.
    if (flag_at(document_, "properties.allowBlobPublicAccess").value_or(true)) {
      add(Severity::warning, "adopt_public_blobs", "its containers may be opened to everybody",
          "Ferry's own container is private all the same");
    }
  }

  void registry() {
    const auto sku = text_at(document_, "sku.name");
    if (sku != "Basic" && sku != "Standard" && sku != "Premium") {
      add(Severity::error, "sku_unsupported",
          fmt::format("a registry of tier {} has no tokens for repositories", sku),
          "adopt one of tier Basic, Standard or Premium");
    }
    if (flag_at(document_, "properties.adminUserEnabled") == true) {
      add(Severity::warning, "adopt_admin_user", "its admin user is switched on",
          "Ferry leaves it as it is, and never uses it");
    }
  }

  const DesiredResource& entry_;
  const json::object& document_;
  const Workspace& workspace_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::info:
      return "info";
  }
  return "info";
}

const std::vector<AdoptableKind>& adoptable_kinds() {
  static const std::vector<AdoptableKind> kKinds{
      {keys::kIotHub, "Microsoft.Devices/IotHubs", &AdoptedResources::iot_hub},
      {keys::kProvisioningService, "Microsoft.Devices/provisioningServices",
       &AdoptedResources::provisioning_service},
      {keys::kStorageAccount, "Microsoft.Storage/storageAccounts",
       &AdoptedResources::storage_account},
      {keys::kRegistry, "Microsoft.ContainerRegistry/registries", &AdoptedResources::registry}};
  return kKinds;
}

Result<void> check_adopted_ids(const AdoptedResources& adopted, std::string_view subscription) {
  for (const auto& kind : adoptable_kinds()) {
    const auto& text = adopted.*kind.id;
    if (text.empty()) continue;
    auto id = parse_azure_id(text);
    if (!id) return fail(std::move(id).error());
    if (!equals_ignore_case(id->type, kind.type)) {
      return fail(Code::invalid_argument, "{} is of type {}, not {}", text, id->type, kind.type);
    }
    if (!equals_ignore_case(id->subscription, subscription)) {
      return fail(
          Error{Code::invalid_argument,
                fmt::format("{} is not in the cloud account's subscription {}", text, subscription),
                "only resources of that subscription can be adopted"});
    }
  }
  return {};
}

void name_after_adopted(Workspace& workspace) {
  const auto take = [](const std::string& id, std::string& name) {
    if (id.empty()) return;
    if (auto parts = parse_azure_id(id)) name = parts->name;
  };
  const auto& adopted = workspace.options.adopted;
  take(adopted.iot_hub, workspace.names.iot_hub);
  take(adopted.provisioning_service, workspace.names.provisioning_service);
  take(adopted.storage_account, workspace.names.storage_account);
  take(adopted.registry, workspace.names.registry);
}

std::vector<Finding> judge_adopted(const DesiredResource& entry, const json::object& document,
                                   const Workspace& workspace) {
  return Judge(entry, document, workspace).run();
}

void take_tier(WorkspaceOptions& options, const json::object& hub) {
  options.sku = text_at(hub, "sku.name");
  const auto* capacity = find_path(hub, "sku.capacity");
  options.units =
      capacity && capacity->is_number() ? static_cast<int>(capacity->to_number<double>()) : 1;
}

}  // namespace ferry::fleet
