// SPDX-License-Identifier: Apache-2.0
#include "fleet/bicep.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace ferry::fleet {
namespace {

// "event-hub-send" -> "eventHubSend"
std::string symbol_of(std::string_view key) {
  std::string symbol;
  bool upper = false;
  for (const char c : key) {
    if (c == '-') {
      upper = true;
      continue;
    }
    symbol += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return symbol;
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return parts;
}

// What follows the last "/providers/Namespace/" of a path, taken apart.
struct FullName {
  std::string type;  // "Microsoft.Storage/storageAccounts/blobServices/containers"
  std::string name;  // "account/default/container"
};

FullName full_name(const DesiredResource& resource) {
  constexpr std::string_view kProviders = "/providers/";
  const auto at = resource.path.rfind(kProviders);
  const auto parts = split(std::string_view(resource.path).substr(at + kProviders.size()));
  FullName full{parts.front(), {}};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (i % 2 == 1) {
      full.type += "/" + parts[i];
    } else {
      full.name += (full.name.empty() ? "" : "/") + parts[i];
    }
  }
  return full;
}

std::string owner_connection(const std::string& hub) {
  return fmt::format(
      "'HostName=${{{0}.properties.hostName}};SharedAccessKeyName=iothubowner;SharedAccessKey="
      "${{filter({0}.listkeys().value, key => key.keyName == 'iothubowner')[0].primaryKey}}'",
      hub);
}

// The Bicep expression for a reference of the table; empty when it is none.
std::string expression_of(std::string_view reference) {
  const auto dot = reference.find('.');
  if (reference.starts_with("iot-hub") && dot != std::string_view::npos) {
    const auto hub = symbol_of(reference.substr(0, dot));
    const auto member = reference.substr(dot + 1);
    if (member == "connectionString") return owner_connection(hub);
    if (member == "principalId") return hub + ".identity.principalId";
    if (member == "location") return hub + ".location";
    return {};
  }
  static const std::map<std::string, std::string, std::less<>> kExpressions{
      {"subscription", "subscription().subscriptionId"},
      {"suffix.serviceBus", "serviceBusSuffix"},
      {"event-hub-send.connectionString", "eventHubSend.listKeys().primaryConnectionString"},
      {"workspace-ca.certificate", "workspaceCaCertificate"},
  };
  const auto found = kExpressions.find(reference);
  return found == kExpressions.end() ? std::string() : found->second;
}

// A Bicep string: single quotes, references become interpolations.
std::string text(std::string_view value) {
  std::string inner;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '$' && i + 1 < value.size() && value[i + 1] == '{') {
      const auto end = value.find('}', i);
      const auto name = value.substr(i + 2, end == std::string_view::npos ? end : end - i - 2);
      const auto expression = expression_of(name);
      if (!expression.empty()) {
        if (i == 0 && end + 1 == value.size()) return expression;
        inner += "${" + expression + "}";
        i = end;
        continue;
      }
      inner += "\\$";
      continue;
    }
    if (c == '\'' || c == '\\') inner += '\\';
    if (c == '\n') {
      inner += "\\n";
      continue;
    }
    inner += c;
  }
  return "'" + inner + "'";
}

bool is_identifier(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::string write_value(const json::value& value, std::size_t indent);

std::string write_members(const json::object& object, std::size_t indent) {
  std::string out;
  for (const auto& [name, member] : object) {
    out += std::string(indent, ' ');
    out += is_identifier(name) ? std::string(name) : text(name);
    out += ": " + write_value(member, indent) + "\n";
  }
  return out;
}

std::string write_value(const json::value& value, std::size_t indent) {
  if (value.is_object()) {
    if (value.get_object().empty()) return "{}";
    return "{\n" + write_members(value.get_object(), indent + 2) + std::string(indent, ' ') + "}";
  }
  if (value.is_array()) {
    if (value.get_array().empty()) return "[]";
    std::string out = "[\n";
    for (const auto& item : value.get_array()) {
      out += std::string(indent + 2, ' ') + write_value(item, indent + 2) + "\n";
    }
    return out + std::string(indent, ' ') + "]";
  }
  if (value.is_string()) return text(value.get_string());
  return json::serialize(value);
}

// Whether the text of a resource refers to the symbol by itself, which orders it already.
bool mentions(const std::string& body, const std::string& symbol) {
  return body.find(symbol + ".") != std::string::npos;
}

class Template {
 public:
  Template(const Workspace& workspace, const std::vector<DesiredResource>& resources)
      : workspace_(workspace), resources_(resources) {}

  std::string write() {
    std::string body;
    for (const auto& resource : resources_) body += "\n" + block(resource);
    return head(body) + body;
  }

 private:
  std::string head(const std::string& body) const {
    std::string out = fmt::format(
        "// The cloud resources of workspace '{}', as Ferry provisions them.\n"
        "//   az group create --name {} --location {}\n"
        "//   az deployment group create --resource-group {} --template-file THIS_FILE\n"
        "targetScope = 'resourceGroup'\n\n"
        "param location string = '{}'\n",
        workspace_.name, workspace_.names.resource_group, workspace_.location,
        workspace_.names.resource_group, workspace_.location);
    if (body.find("workspaceCaCertificate") != std::string::npos) {
      out +=
          "@description('The workspace CA: PEM, in base64. Prove possession of its key afterwards: "
          "a template cannot.')\n"
          "param workspaceCaCertificate string\n";
    }
    if (body.find("serviceBusSuffix") != std::string::npos) {
      out += "param serviceBusSuffix string = 'servicebus.windows.net'\n";
    }
    return out;
  }

  std::string block(const DesiredResource& resource) const {
    if (resource.key == keys::kResourceGroup) {
      return fmt::format("// resource group {}: the scope of this template\n", resource.name);
    }
    if (resource.adopted) return existing_block(resource);
    if (whole_of(resources_, resource).adopted) return addition_block(resource);
    if (resource.kind == keys::kHubLink) return "// hub link: part of the service above\n";
    if (resource.kind == keys::kRouting) return routing_block(resource);
    if (resource.kind == keys::kSenderRole) return role_block(resource);
    auto body = resource.body;
    if (routes_with(resource)) merge_routing(*routing_of(resource), body);
    if (resource.key == keys::kProvisioningService) merge_links(body);
    return declare(resource, full_name(resource), std::move(body));
  }

  // What was adopted is referred to where it is.
  std::string existing_block(const DesiredResource& resource) const {
    const auto parts = split(resource.path);
    return fmt::format(
        "resource {} '{}@{}' existing = {{\n  name: {}\n  scope: resourceGroup({})\n}}\n",
        symbol_of(resource.key), resource.type, resource.api_version, text(resource.name),
        text(parts.at(1)));
  }

  // A template makes nothing in another resource group than its own.
  std::string addition_block(const DesiredResource& resource) const {
    const auto& whole = whole_of(resources_, resource);
    return fmt::format(
        "// {} '{}': Ferry adds it to {}, which is outside of this template's group\n",
        resource.title, resource.name, symbol_of(whole.key));
  }

  std::string declare(const DesiredResource& resource, const FullName& full,
                      json::object body) const {
    if (body.contains("location")) body["location"] = "${location}";
    std::string members = write_members(body, 2);
    // The only value that is a symbol of this template and no reference of the table.
    const std::string quoted = "location: '\\${location}'";
    if (const auto at = members.find(quoted); at != std::string::npos) {
      members.replace(at, quoted.size(), "location: location");
    }
    std::string out = fmt::format("resource {} '{}@{}' = {{\n  name: {}\n", symbol_of(resource.key),
                                  full.type, resource.api_version, text(full.name));
    return out + members + dependencies(resource, members) + "}\n";
  }

  std::string dependencies(const DesiredResource& resource, const std::string& members) const {
    std::set<std::string> symbols;
    const auto add = [&](const std::string& key) {
      const auto symbol = symbol_of(key);
      if (key != keys::kResourceGroup && !mentions(members, symbol)) symbols.insert(symbol);
    };
    for (const auto& key : resource.after) add(key);
    if (routes_with(resource)) add(keys::kEventHub);
    if (symbols.empty()) return {};
    std::string out = "  dependsOn: [\n";
    for (const auto& symbol : symbols) out += "    " + symbol + "\n";
    return out + "  ]\n";
  }

  const DesiredResource* routing_of(const DesiredResource& hub) const {
    const auto found = std::find_if(resources_.begin(), resources_.end(), [&](const auto& each) {
      return each.kind == keys::kRouting && each.hub == hub.key;
    });
    return found == resources_.end() ? nullptr : &*found;
  }

  // With keys the hub can be made with its routing at once. With its own identity it cannot: the
  // identity, then the role, then the endpoint.
  bool routes_with(const DesiredResource& hub) const {
    return routing_of(hub) && !workspace_.options.identity_based;
  }

  // A template says a service once, with all its hubs.
  void merge_links(json::object& service) const {
    auto& links = service["properties"].as_object()["iotHubs"].as_array();
    for (const auto& resource : resources_) {
      if (resource.kind == keys::kHubLink) links.push_back(resource.body);
    }
  }

  static void merge_routing(const DesiredResource& routing, json::object& hub) {
    const auto* parts = find_path(routing.body, "properties.routing");
    auto& target = hub["properties"].as_object()["routing"].as_object();
    for (const auto& [name, value] : parts->as_object()) target[name] = value;
  }

  std::string routing_block(const DesiredResource& resource) const {
    if (!workspace_.options.identity_based) {
      return "// message routing: part of the IoT hub above\n";
    }
    std::string out =
        "// Message routing goes into the IoT hub once its identity has the role below; a "
        "template\n"
        "// can say the hub once only, so set it afterwards (az iot hub message-endpoint, "
        "message-route):\n";
    const auto parts = write_value(*find_path(resource.body, "properties.routing"), 0);
    std::size_t begin = 0;
    while (begin < parts.size()) {
      auto end = parts.find('\n', begin);
      if (end == std::string::npos) end = parts.size();
      out += "//   " + parts.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
    return out;
  }

  std::string role_block(const DesiredResource& resource) const {
    const FullName full{"Microsoft.Authorization/roleAssignments", {}};
    auto body = resource.body;
    std::string members = write_members(body, 2);
    return fmt::format(
               "resource {} '{}@{}' = {{\n  name: guid(eventHub.id, {}.id, '{}')\n"
               "  scope: eventHub\n",
               symbol_of(resource.key), full.type, resource.api_version, symbol_of(resource.hub),
               resource.name) +
           members + "}\n";
  }

  const Workspace& workspace_;
  const std::vector<DesiredResource>& resources_;
};

}  // namespace

std::string to_bicep(const Workspace& workspace, const std::vector<DesiredResource>& resources) {
  return Template(workspace, resources).write();
}

}  // namespace ferry::fleet
