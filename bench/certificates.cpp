// SPDX-License-Identifier: Apache-2.0
// bench_certificates DIRECTORY NODES: how many certificates a second are issued for requests, and
// what a workspace of that many nodes costs in time and memory. Prints one JSON object.
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

#include "control/certificates/authority.hpp"
#include "control/control.hpp"
#include "x509/authority.hpp"
#include "x509/request.hpp"

namespace {

using namespace ferry;
using control::Context;

constexpr int kGroups = 100;
constexpr int kIssued = 2000;

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::cerr << "bench_certificates: " << result.error().describe() << "\n";
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// Of this process alone: `openssl speed` counts the same, and a busy machine disturbs neither.
template <class Work>
double cpu_seconds(Work work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

template <class Work>
double seconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double resident_megabytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmRSS:") continue;
    double kilobytes = 0;
    status >> kilobytes;
    return kilobytes / 1024;
  }
  return 0;
}

struct Fleet {
  fleet::OrganizationId organization;
  fleet::Workspace workspace;
  std::vector<fleet::NodeGroup> groups;
};

Fleet make_fleet(Context& context, control::Control& control) {
  Fleet made;
  const Secret token(std::string(40, 't'));
  must(control.access.ensure_owner("default", "owner", token));
  made.organization = must(control.access.authenticate(token)).organization.id;
  fleet::CloudAccount account;
  account.id = fleet::CloudAccountId("acct-1");
  account.organization = made.organization;
  account.name = "none";
  must(context.store.accounts.insert(account));
  made.workspace.id = fleet::WorkspaceId("ws-1");
  made.workspace.organization = made.organization;
  made.workspace.cloud_account = account.id;
  made.workspace.name = "plant-a";
  made.workspace.state = fleet::LifeState::ready;
  must(context.store.workspaces.insert(made.workspace));
  must(control::ensure_workspace_ca(context, made.workspace));
  for (int i = 0; i < kGroups; ++i) {
    fleet::NodeGroup group;
    group.id = fleet::NodeGroupId(random_id("grp"));
    group.workspace = made.workspace.id;
    group.name = fmt::format("line-{}", i);
    group.state = fleet::LifeState::ready;
    must(context.store.groups.insert(group));
    must(control::ensure_group_ca(context, made.workspace, group));
    made.groups.push_back(group);
  }
  return made;
}

fleet::Node make_node(Context& context, const Fleet& fleet, int number) {
  fleet::Node node;
  node.id = fleet::NodeId(random_id("node"));
  node.workspace = fleet.workspace.id;
  node.group = fleet.groups[static_cast<std::size_t>(number % kGroups)].id;
  node.name = fmt::format("node-{}", number);
  node.registration_id = node.name;
  must(context.store.nodes.insert(node));
  return node;
}

// What a registration pays for: the request is read and proven, the certificate issued and kept.
json::object issue_for_requests(Context& context, const Fleet& fleet) {
  const auto request =
      must(x509::CertificateRequest::create(x509::PrivateKey::generate(), "node")).to_pem();
  std::vector<fleet::Node> nodes;
  for (int i = 0; i < kIssued; ++i) nodes.push_back(make_node(context, fleet, i));
  const double spent = cpu_seconds([&] {
    for (const auto& node : nodes) {
      auto read = must(x509::CertificateRequest::from_pem(request));
      must(read.verify_self_signature());
      auto record =
          must(control::issue_node_certificate(context, fleet.workspace, node, read.public_key()));
      must(context.store.certificates.insert(record));
    }
  });
  return {{"certificates", kIssued}, {"perSecond", kIssued / spent}};
}

// Rows like those of a fleet; issuing each would only measure the signatures again.
void fill(Context& context, const Fleet& fleet, int nodes) {
  const auto first = make_node(context, fleet, kIssued);
  const auto sample = must(control::issue_node_certificate(
      context, fleet.workspace, first, x509::PrivateKey::generate().public_key()));
  for (int begin = kIssued + 1; begin < nodes; begin += 1000) {
    auto transaction = must(context.store.begin());
    for (int i = begin; i < std::min(begin + 1000, nodes); ++i) {
      const auto node = make_node(context, fleet, i);
      auto record = sample;
      record.id = random_id("cert");
      record.owner = node.id.str();
      record.thumbprint = fmt::format("{:064}", i);
      record.issuer_id = must(context.store.certificates.find_authority(node.group.str()))->id;
      must(context.store.certificates.insert(record));
    }
    must(transaction.commit());
  }
}

json::object look_at_all(Context& context, control::Control& control, const Fleet& fleet,
                         int nodes) {
  const double before = resident_megabytes();
  fill(context, fleet, nodes);
  auto& certificates = control.certificates;
  const std::string workspace = fleet.workspace.name;
  json::object figures{{"nodes", nodes}};
  figures["filledMegabytes"] = resident_megabytes() - before;
  figures["firstPageSeconds"] =
      seconds([&] { must(certificates.list(fleet.organization, workspace)); });
  int seen = 0;
  figures["allPagesSeconds"] = seconds([&] {
    std::int64_t from = 0;
    do {
      const auto page = must(certificates.list(fleet.organization, workspace, from));
      seen += static_cast<int>(page.certificates.size());
      from = page.next.value_or(0);
    } while (from != 0);
  });
  figures["certificatesSeen"] = seen;
  figures["treeSeconds"] = seconds([&] { must(certificates.tree(fleet.organization, workspace)); });
  figures["radarSeconds"] = seconds([&] {
    must(certificates.expiring(fleet.organization, workspace, std::chrono::hours(24 * 400)));
  });
  const auto issuer = must(context.store.certificates.find_authority(fleet.groups[0].id.str()))->id;
  figures["countUnderOneSeconds"] = seconds(
      [&] { must(context.store.certificates.count_nodes_under(issuer, context.clock.now())); });
  figures["residentMegabytes"] = resident_megabytes();
  figures["growthMegabytes"] = resident_megabytes() - before;
  return figures;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: bench_certificates DIRECTORY NODES\n";
    return 2;
  }
  net::EventLoop loop;
  const SystemClock clock;
  auto context = std::make_unique<Context>(loop, clock, must(store::Store::open(argv[1])),
                                           control::https_transports(), control::EngineOptions{});
  Context& borrowed = *context;
  auto control = control::Control::over(std::move(context));
  const auto fleet = make_fleet(borrowed, *control);
  json::object figures{{"issuing", issue_for_requests(borrowed, fleet)}};
  figures["fleet"] = look_at_all(borrowed, *control, fleet, std::atoi(argv[2]));
  std::cout << json::serialize(figures) << std::endl;
  return 0;
}
