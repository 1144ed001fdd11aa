// SPDX-License-Identifier: Apache-2.0
#include "tests/control/deployments/simulated_fleet.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {
namespace {

namespace mqtt = net::mqtt;

const Secret kNodeKey{base64_encode("the key of every simulated node..")};

std::string sas(const std::string& resource, const std::string& policy, const Secret& key,
                Timestamp now) {
  const auto expiry = unix_seconds(now) + 30 * 86'400;
  const auto sr = percent_encode(resource);
  const auto signature =
      base64_encode(hmac_sha256(*base64_decode(key.reveal()), fmt::format("{}\n{}", sr, expiry)));
  auto token = fmt::format("SharedAccessSignature sr={}&sig={}&se={}", sr,
                           percent_encode(signature), expiry);
  if (!policy.empty()) token += "&skn=" + policy;
  return token;
}

std::string versions_of(const json::object& modules) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : modules) {
    sorted[std::string(name)] = value.is_object() ? string_or(value.as_object(), "version", "")
                                                  : std::string(value.as_string());
  }
  std::string text;
  for (const auto& [name, version] : sorted) {
    text += (text.empty() ? "" : " ") + name + "@" + version;
  }
  return text;
}

}  // namespace

SimulatedFleet::SimulatedFleet(const std::vector<std::string>& groups, int nodes_each) {
  const auto started = cloud.create("plant-a");
  cloud.run();
  workspace_ = started.workspace.id;
  const auto workspace = *cloud.context().store.workspaces.find(workspace_).value();
  EXPECT_EQ(workspace.state, fleet::LifeState::ready);
  hub_host_ = workspace.hub_host;
  hub_key_ = **cloud.context().store.secrets.get(workspace_.str(), secret_names::kHubKey);
  for (const auto& name : groups) {
    EXPECT_TRUE(cloud.control().groups.create(cloud.organization(), "plant-a", name));
    cloud.run();
    EXPECT_EQ(group(name).state, fleet::LifeState::ready);
    for (int i = 0; i < nodes_each; ++i) add_node(fmt::format("{}-n{}", name, i), name);
  }
}

SimulatedFleet::~SimulatedFleet() {
  for (auto& node : nodes) node->link.reset();
}

template <class T>
T SimulatedFleet::in_cloud(net::Task<T> task) {
  return cloud.run_in_cloud(std::move(task));
}

void SimulatedFleet::publish(const std::string& component, const std::string& version) {
  fleet::ComponentVersion record;
  record.id = fleet::VersionId(random_id("ver"));
  record.workspace = workspace_;
  record.component = component;
  record.version = version;
  record.state = fleet::VersionState::published;
  record.manifest =
      fmt::format(R"({{"name": "{}", "version": "{}", "cmd": ["/x"]}})", component, version);
  record.image = fmt::format("r.example/components/{}@sha256:{}", component, version);
  EXPECT_TRUE(cloud.context().store.components.insert(record));
}

fleet::NodeGroup SimulatedFleet::group(const std::string& name) {
  return **cloud.context().store.groups.find_named(workspace_, name);
}

SimulatedNode& SimulatedFleet::add_node(const std::string& name, const std::string& group_name) {
  EXPECT_TRUE(cloud.control().nodes.create(cloud.organization(), "plant-a", name, group_name));
  auto record = **cloud.context().store.nodes.find_named(workspace_, name);
  record.registered_at = cloud.context().clock.now();
  EXPECT_TRUE(cloud.context().store.nodes.update(record));
  auto& node = *nodes.emplace_back(std::make_unique<SimulatedNode>());
  node.name = name;
  node.id = record.id;
  node.device = record.registration_id;
  node.group = group_name;
  hub("PUT", "/devices/" + node.device,
      json::object{{"deviceId", node.device}, {"capabilities", json::object{{"iotEdge", true}}}});
  hub("PUT", "/devices/" + node.device + "/modules/%24edgeAgent",
      json::object{{"deviceId", node.device},
                   {"moduleId", "$edgeAgent"},
                   {"managedBy", "iotEdge"},
                   {"authentication",
                    {{"type", "sas"},
                     {"symmetricKey",
                      {{"primaryKey", kNodeKey.reveal()}, {"secondaryKey", kNodeKey.reveal()}}}}}});
  hub("PATCH", "/twins/" + node.device,
      json::object{{"tags", {{"ferry", {{"nodeGroup", group(group_name).id.str()}}}}}});
  return node;
}

SimulatedNode& SimulatedFleet::node(const std::string& name) {
  for (auto& node : nodes) {
    if (node->name == name) return *node;
  }
  ADD_FAILURE() << "no node " << name;
  return *nodes.front();
}

void SimulatedFleet::move_node(const std::string& name, const std::string& group_name) {
  auto moved = cloud.control().moving.move(cloud.organization(), "plant-a", name, group_name, "",
                                           true, "test");
  ASSERT_TRUE(moved) << moved.error().describe();
  node(name).group = group_name;
}

void SimulatedFleet::deploy(const std::string& deployment,
                            std::vector<fleet::ComponentRef> components,
                            std::vector<std::string> groups) {
  auto outcome = cloud.run_until_done(cloud.control().deployments.apply(
      cloud.organization(), "plant-a", {{deployment, std::move(components), std::move(groups)}},
      true));
  ASSERT_TRUE(outcome) << outcome.error().describe();
  ASSERT_TRUE(std::holds_alternative<Applied>(*outcome))
      << std::get<Refused>(*outcome).error.describe();
  cloud.run();
}

std::optional<Result<ApplyOutcome>> SimulatedFleet::try_roll_out(fleet::Change change,
                                                                 std::string_view policy) {
  auto rules = fleet::policy_from_json(*parse_json_object(policy));
  EXPECT_TRUE(rules) << rules.error().describe();
  // Not further than to the record of it: its course belongs to live().
  return cloud.run_until_value(cloud.control().deployments.apply(
      cloud.organization(), "plant-a", std::move(change), true, RolloutRequest{*rules, "ann"}));
}

Result<ApplyOutcome> SimulatedFleet::roll_out(fleet::Change change, std::string_view policy) {
  auto outcome = try_roll_out(std::move(change), policy);
  FERRY_CHECK(outcome.has_value());
  return *std::move(outcome);
}

std::string SimulatedFleet::must_roll_out(const std::string& deployment,
                                          std::vector<fleet::ComponentRef> components,
                                          std::vector<std::string> groups,
                                          std::string_view policy) {
  auto outcome = roll_out({{deployment, std::move(components), std::move(groups)}}, policy);
  EXPECT_TRUE(outcome) << outcome.error().describe();
  if (const auto* refused = std::get_if<Refused>(&*outcome)) {
    ADD_FAILURE() << refused->error.describe();
    return {};
  }
  return std::get<RolledOut>(*outcome).rollout.id;
}

RolloutView SimulatedFleet::rollout(const std::string& id) {
  auto view = cloud.control().rollouts.get(cloud.organization(), "plant-a", id);
  EXPECT_TRUE(view) << view.error().describe();
  return *view;
}

Result<RolloutView> SimulatedFleet::order(const std::string& id, fleet::RolloutOrder order) {
  return cloud.control().rollouts.order(cloud.organization(), "plant-a", id, order, "ann");
}

void SimulatedFleet::live(std::chrono::seconds duration, const std::function<bool()>& until) {
  constexpr std::chrono::seconds kBeat{5};
  for (std::chrono::seconds passed{0}; passed < duration; passed += kBeat) {
    if (cloud.killed() || (until && until())) return;
    for (auto& node : nodes) in_cloud(react(*node));
    cloud.run_for(kBeat);
  }
}

void SimulatedFleet::live_until_over(const std::string& id) {
  live(std::chrono::hours(2), [&] { return fleet::is_over(rollout(id).status.state); });
}

json::value SimulatedFleet::hub(const std::string& method, const std::string& path,
                                const json::value& body) {
  net::HttpRequest request;
  request.method = method;
  request.target = path + "?api-version=2021-04-12";
  request.headers = {
      {"Host", hub_host_},
      {"Authorization", sas(hub_host_, "iothubowner", hub_key_, cloud.context().clock.now())}};
  if (method == "PUT" && path.find("/modules/") != std::string::npos) {
    request.headers.set("If-Match", "*");
  }
  if (!body.is_null()) request.body = json::serialize(body);
  const auto response = in_cloud(cloud.cloud().handle_http(std::move(request)));
  EXPECT_LT(response.status, 300) << method << " " << path << ": " << response.body;
  return parse_json(response.body).value_or(nullptr);
}

std::map<std::string, json::object> SimulatedFleet::configurations(const std::string& name) {
  const auto id = group(name).id.str();
  std::map<std::string, json::object> found;
  const auto all = hub("GET", "/configurations");
  for (const auto& item : all.as_array()) {
    auto document = item.as_object();
    const auto* labels = find_object(document, "labels");
    if (!labels || string_or(*labels, "nodeGroup", "") != id) continue;
    for (const auto* fleeting :
         {"systemMetrics", "metrics", "etag", "createdTimeUtc", "lastUpdatedTimeUtc"}) {
      document.erase(fleeting);
    }
    found[string_or(document, "id", "")] = std::move(document);
  }
  return found;
}

std::string SimulatedFleet::desired(const SimulatedNode& node) {
  const auto twin = hub("GET", "/twins/" + node.device + "/modules/%24edgeAgent");
  const auto* modules = find_path(twin, "properties.desired.modules");
  return modules && modules->is_object() ? versions_of(modules->as_object()) : std::string();
}

std::string SimulatedFleet::running(const SimulatedNode& node) const {
  return versions_of(node.running);
}

net::Task<bool> SimulatedFleet::connect(SimulatedNode& node) {
  const auto executor = co_await net::current_executor();
  auto [here, there] = net::make_memory_streams(executor);
  net::spawn(executor, cloud.cloud().handle_mqtt(std::move(there)));
  mqtt::ClientOptions options;
  options.client_id = node.device + "/$edgeAgent";
  options.username =
      fmt::format("{}/{}/$edgeAgent/?api-version=2021-04-12", hub_host_, node.device);
  options.password =
      Secret(sas(fmt::format("{}/devices/{}/modules/$edgeAgent", hub_host_, node.device), "",
                 kNodeKey, cloud.context().clock.now()));
  options.keep_alive = std::chrono::seconds(0);
  auto client = co_await mqtt::Client::connect(std::move(here), std::move(options));
  EXPECT_TRUE(client) << client.error().describe();
  if (!client) co_return false;
  node.link = *std::move(client);
  auto subscribed =
      co_await node.link->subscribe({{"$iothub/twin/res/#", mqtt::QoS::at_most_once}});
  EXPECT_TRUE(subscribed);
  co_return subscribed.has_value();
}

net::Task<bool> SimulatedFleet::ask(SimulatedNode& node, std::string topic, std::string payload,
                                    std::string& answer) {
  const auto rid = fmt::format("{}", ++request_);
  auto sent = co_await node.link->publish(fmt::format("{}?$rid={}", topic, rid), std::move(payload),
                                          mqtt::QoS::at_most_once);
  if (!sent) co_return false;
  for (;;) {
    auto message = co_await node.link->next_message();
    if (!message) co_return false;
    if (message->topic.find("$rid=" + rid) == std::string::npos) continue;
    answer = message->payload;
    co_return message->topic.find("/res/20") != std::string::npos;
  }
}

json::object SimulatedFleet::report_of(SimulatedNode& node, const json::object& desired) {
  const auto version = int_or(desired, "$version", 0);
  const auto* wanted = find_object(desired, "modules");
  json::object report;
  const bool waits = node.slow && node.taken != 0 && version != node.taken;
  json::object before = node.running;
  if (wanted && !waits) {
    node.running.clear();
    for (const auto& [name, module] : *wanted) {
      node.running[name] = string_or(module.as_object(), "version", "");
    }
    node.taken = version;
  }
  bool crashes = false;
  json::object modules;
  for (const auto& [name, module] : node.running) {
    const auto what = fmt::format("{}@{}", std::string_view(name), std::string(module.as_string()));
    node.ever_ran.insert(what);
    const bool bad = crashing.contains(what);
    crashes = crashes || bad;
    modules[name] = {{"version", module},
                     {"status", "running"},
                     {"runtimeStatus", bad ? "backoff" : "running"},
                     {"statusDescription", waits ? "downloading the image" : ""},
                     {"exitCode", bad ? 1 : 0},
                     {"restartCount", bad ? 3 : 0}};
  }
  json::value returned = nullptr;
  if (crashes && node.returns) {
    returned = {{"from", version}, {"reason", "it crashed"}};
    node.running = std::move(before);
  }
  report["ferry"] = {{"returned", std::move(returned)}};
  report["lastDesiredVersion"] = node.taken;
  report["lastDesiredStatus"] = {{"code", crashes && node.returns ? 500 : 200},
                                 {"description", ""}};
  report["modules"] = std::move(modules);
  return report;
}

net::Task<bool> SimulatedFleet::react(SimulatedNode& node) {
  if (!node.online) {
    node.link.reset();
    co_return false;
  }
  if (!node.link || !node.link->is_open()) {
    const bool connected = co_await connect(node);
    if (!connected) co_return false;
  }
  std::string answer;
  const bool got = co_await ask(node, "$iothub/twin/GET/", "", answer);
  EXPECT_TRUE(got);
  const auto twin = parse_json_object(answer);
  const auto* desired = twin ? find_object(*twin, "desired") : nullptr;
  if (!desired) co_return false;
  const auto report = report_of(node, *desired);
  const bool reported = co_await ask(node, "$iothub/twin/PATCH/properties/reported/",
                                     json::serialize(report), answer);
  EXPECT_TRUE(reported) << answer;
  co_return reported;
}

}  // namespace ferry::control
