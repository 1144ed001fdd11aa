// SPDX-License-Identifier: Apache-2.0
// How long a plan takes, and how that grows. Fleets of 1,000 groups under 500 deployments, each
// with four of 200 components; a fifth of the nodes is offline, a tenth behind.
//
//   cold          a deployment that every group runs gets a new version: everything is looked at
//   incremental   one that 20 groups run
//
//   bench_planner NODES...      one JSON object a line
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "fleet/plan.hpp"

namespace {

using namespace ferry;
using namespace ferry::fleet;

constexpr int kGroups = 1'000;
constexpr int kDeployments = 500;
constexpr int kComponents = 200;
constexpr int kComponentsEach = 4;
constexpr int kGroupsEach = 20;

std::int64_t allocated() {
  const auto info = ::mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
}

std::string group_name(int number) {
  return fmt::format("group-{:04}", number);
}

void publish(Fleet& fleet, const std::string& component, const std::string& version) {
  auto manifest = parse_manifest(fmt::format(
      R"({{"name": "{}", "version": "{}", "cmd": ["/x"], "env": {{"RATE": 5}},
          "platforms": ["linux/amd64", "linux/arm64"]}})",
      component, version));
  FERRY_CHECK(manifest.has_value());
  std::map<std::string, std::vector<ImageLayer>> layers;
  for (const auto* platform : {"linux/amd64", "linux/arm64"}) {
    for (int i = 0; i < 3; ++i) {
      layers[platform].push_back(
          {fmt::format("sha256:{}-{}-{}-{}", component, i == 2 ? version : "base", platform, i),
           1'000'000});
    }
  }
  fleet.catalog[{component, version}] = std::make_shared<PublishedVersion>(
      PublishedVersion{fmt::format("r.azurecr.io/components/{}@sha256:{:064}", component, 1),
                       *std::move(manifest), std::move(layers)});
}

// Every group runs "common" and the components of ten deployments; a component is in one version
// everywhere, so that nothing is in conflict.
void deploy(Fleet& fleet) {
  for (int number = 0; number < kComponents; ++number) {
    publish(fleet, fmt::format("component-{:03}", number), "1.0.0");
    publish(fleet, fmt::format("component-{:03}", number), "1.1.0");
  }
  publish(fleet, "common", "1.0.0");
  publish(fleet, "common", "1.1.0");
  Deployment common;
  common.name = "common";
  common.components = {{"common", "1.0.0"}};
  for (int group = 0; group < kGroups; ++group) common.groups.push_back(group_name(group));
  fleet.deployments.push_back(std::move(common));
  for (int number = 1; number < kDeployments; ++number) {
    Deployment deployment;
    deployment.name = fmt::format("deployment-{:03}", number);
    for (int i = 0; i < kComponentsEach; ++i) {
      const int component = (number * kComponentsEach + i) % kComponents;
      deployment.components.push_back({fmt::format("component-{:03}", component), "1.0.0"});
    }
    for (int i = 0; i < kGroupsEach; ++i) {
      deployment.groups.push_back(group_name((number * 7 + i * 50) % kGroups));
    }
    fleet.deployments.push_back(std::move(deployment));
  }
}

void add_nodes(Fleet& fleet, int nodes) {
  for (int group = 0; group < kGroups; ++group) {
    auto& facts = fleet.groups[group_name(group)];
    fleet.directory.groups[group_name(group)] = {{"site", fmt::format("site-{}", group % 40)}};
    facts.standing = 7;
    facts.earlier[6] = {{"common", "1.0.0"}, {"component-001", "1.0.0"}};
    facts.nodes.reserve(static_cast<std::size_t>(nodes / kGroups));
    for (int i = 0; i < nodes / kGroups; ++i) {
      facts.nodes.push_back({.name = fmt::format("node-{:04}-{:05}", group, i),
                             .platform = i % 3 == 0 ? "linux/arm64" : "linux/amd64",
                             .composition = i % 10 == 0 ? 6 : 7,
                             .registered = true,
                             .connected = i % 5 != 0,
                             .free_bytes = 8'000'000'000});
    }
  }
}

Change raise(const Fleet& fleet, const std::string& deployment) {
  Edit edit = edit_of(*find_deployment(fleet.deployments, deployment));
  edit.components.front().version = "1.1.0";
  // Wherever else the component runs it must be the same: those go along.
  Change change{edit};
  for (const auto& other : fleet.deployments) {
    if (other.name == deployment) continue;
    for (const auto& component : other.components) {
      if (component.name != edit.components.front().name) continue;
      auto moved = edit_of(other);
      for (auto& ref : moved.components) {
        if (ref.name == component.name) ref.version = "1.1.0";
      }
      change.edits.push_back(std::move(moved));
    }
  }
  return change;
}

struct Measured {
  double milliseconds = 0;
  std::int64_t bytes = 0;  // that the plan takes
  std::size_t groups = 0;
};

Measured measure(const Fleet& fleet, const Change& change, int times) {
  std::vector<double> taken;
  Measured measured;
  for (int i = 0; i < times; ++i) {
    const auto before = allocated();
    const auto start = std::chrono::steady_clock::now();
    const auto plan = make_plan(fleet, change);
    const auto end = std::chrono::steady_clock::now();
    FERRY_CHECK(plan.applicable() && plan.has_changes());
    taken.push_back(std::chrono::duration<double, std::milli>(end - start).count());
    measured.bytes = allocated() - before;
    measured.groups = plan.groups.size();
  }
  std::sort(taken.begin(), taken.end());
  measured.milliseconds = taken[taken.size() / 2];
  return measured;
}

void run(int nodes) {
  Fleet fleet;
  deploy(fleet);
  const auto without_nodes = allocated();
  add_nodes(fleet, nodes);
  const auto with_nodes = allocated();
  const auto all = raise(fleet, "common");
  // The few that share a component with it go along: an edit of one component, as people make it.
  const auto one = raise(fleet, "deployment-001");
  const auto cold = measure(fleet, all, 5);
  const auto incremental = measure(fleet, one, 21);
  std::cout << json::object{{"nodes", nodes},
                            {"groups", kGroups},
                            {"deployments", kDeployments},
                            {"coldMilliseconds", cold.milliseconds},
                            {"coldGroups", cold.groups},
                            {"incrementalMilliseconds", incremental.milliseconds},
                            {"incrementalGroups", incremental.groups},
                            {"bytesPerNode", (with_nodes - without_nodes + cold.bytes) / nodes}}
            << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "bench_planner NODES...\n";
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const int nodes = std::atoi(argv[i]);
    if (nodes < kGroups) {
      std::cerr << "bench_planner: at least " << kGroups << " nodes\n";
      return 2;
    }
    run(nodes);
  }
  return 0;
}
