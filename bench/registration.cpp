// SPDX-License-Identifier: Apache-2.0
// Registrations through the whole Ferry path (TLS, HTTP, one-time token, session, CSR, certificate,
// database) against what their own cryptography costs: one TLS handshake, one CSR checked, one
// certificate signed. Both in processor time of the server's thread, in one run, so that what else
// the machine does changes nothing. Then the memory that a fleet of 100,000 nodes takes.
//
// bench_registration [DEVICES] [NODES]: prints {"registrationsPerSecond","floorPerSecond",
// "wallPerSecond","memoryMegabytes","nodes","createdPerSecond"}.
#include <openssl/ssl.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <thread>

#include "api/https.hpp"
#include "api/server_identity.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "control/certificates/authority.hpp"
#include "control/context.hpp"
#include "control/control.hpp"
#include "net/http_client.hpp"
#include "x509/authority.hpp"
#include "x509/request.hpp"

namespace {

using namespace ferry;

constexpr int kClients = 2;
constexpr int kFloorRounds = 400;

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}
double thread_seconds() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

template <class T>
T demand(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench_registration: %s\n", result.error().describe().c_str());
  std::exit(1);
}
void demand(Result<void> result) {
  if (!result) {
    std::fprintf(stderr, "bench_registration: %s\n", result.error().describe().c_str());
    std::exit(1);
  }
}

// A control plane over a workspace that stands, without a cloud: registering asks none.
struct Plant {
  explicit Plant(const std::filesystem::path& directory) {
    auto context = std::make_unique<control::Context>(
        loop, clock, demand(store::Store::open(directory)),
        [](const std::string&) -> Result<azure::Transport> {
          return fail(Code::unavailable, "no cloud here");
        },
        control::EngineOptions{});
    context_ = context.get();
    control = control::Control::over(std::move(context));
    const Secret token(std::string(40, 't'));
    demand(control->access.ensure_owner("default", "owner", token));
    organization = demand(control->access.authenticate(token)).organization.id;
  }

  void furnish() {
    auto& store = context_->store;
    fleet::CloudAccount account;
    account.id = fleet::CloudAccountId("acct-1");
    account.organization = organization;
    account.name = "none";
    demand(store.accounts.insert(account));
    fleet::Workspace workspace;
    workspace.id = fleet::WorkspaceId("ws-aaaabbbbccccdddd");
    workspace.organization = organization;
    workspace.cloud_account = account.id;
    workspace.name = "plant-a";
    workspace.state = fleet::LifeState::ready;
    workspace.id_scope = "0ne00000001";
    workspace.provisioning_host = "global.dps.example";
    demand(store.workspaces.insert(workspace));
    demand(control::ensure_workspace_ca(*context_, workspace));
    fleet::NodeGroup group;
    group.id = fleet::NodeGroupId(random_id("grp"));
    group.workspace = workspace.id;
    group.name = "line-1";
    group.state = fleet::LifeState::ready;
    demand(store.groups.insert(group));
    demand(control::ensure_group_ca(*context_, workspace, group));
  }

  std::vector<Secret> create(const std::string& prefix, int count) {
    std::vector<Secret> tokens;
    std::vector<control::NewNode> rows;
    for (int i = 0; i < count; ++i) {
      rows.push_back({fmt::format("{}-{}", prefix, i), "line-1"});
      if (rows.size() < control::Nodes::kLargestBatch && i + 1 < count) continue;
      for (auto& row : demand(control->nodes.create_many(organization, "plant-a", rows, false))) {
        tokens.push_back(demand(std::move(row.ticket)).token);
      }
      rows.clear();
    }
    return tokens;
  }

  net::EventLoop loop;
  SystemClock clock;
  control::Context* context_ = nullptr;
  std::unique_ptr<control::Control> control;
  fleet::OrganizationId organization;
};

bool register_one(net::EventLoop& loop, const std::shared_ptr<const net::TlsClientContext>& tls,
                  const std::string& base, const Secret& token, const std::string& csr) {
  net::HttpClient http({.tls = tls});  // a connection of its own, as each device has
  auto session = loop.run_until_done(
      http.send({.method = "POST",
                 .url = base + "/auth/login_node",
                 .body = json::serialize(json::object{{"token", token.reveal()}})}));
  if (!session || session->status != 200) return false;
  net::HttpCall call{.method = "POST", .url = base + "/registration/azure/get_certificate"};
  const auto body = parse_json_object(session->body);
  call.headers.set("Authorization", "Bearer " + string_or(*body, "access_token", ""));
  call.body = json::serialize(json::object{{"csr", csr}});
  auto issued = loop.run_until_done(http.send(std::move(call)));
  return issued && issued->status == 200;
}

struct Measured {
  double processor_seconds = 0;  // of the server's thread
  double wall_seconds = 0;
};

Measured register_all(Plant& plant, const std::filesystem::path& data,
                      const std::vector<Secret>& tokens) {
  api::Server server(*plant.control, plant.clock);
  auto identity = demand(api::load_server_identity(data, {}, plant.clock));
  const auto ca = demand(read_file(data / "ca.pem"));
  auto listener =
      demand(api::serve_https(plant.loop, server, "127.0.0.1", 0, {identity, ca}, nullptr));
  const std::string base = fmt::format("https://localhost:{}", listener->port());
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    requests.push_back(
        demand(x509::CertificateRequest::create(x509::PrivateKey::generate(), "x")).to_pem());
  }
  std::atomic<std::size_t> next = 0;
  std::atomic<int> failures = 0;
  std::atomic<int> running = kClients;
  std::vector<std::thread> clients;
  const double processor = thread_seconds();
  const double wall = seconds_of(CLOCK_MONOTONIC);
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      net::EventLoop loop;
      const auto tls = demand(net::TlsClientContext::create({.ca_pem = ca, .system_roots = false}));
      for (std::size_t at = next++; at < tokens.size(); at = next++) {
        if (!register_one(loop, tls, base, tokens[at], requests[at])) ++failures;
      }
      if (--running == 0) plant.loop.stop();
    });
  }
  plant.loop.run();
  const Measured measured{thread_seconds() - processor, seconds_of(CLOCK_MONOTONIC) - wall};
  for (auto& client : clients) client.join();
  if (failures != 0) {
    std::fprintf(stderr, "bench_registration: %d registrations failed\n", failures.load());
    std::exit(1);
  }
  return measured;
}

// The server's half of one handshake, in processor seconds. The client's half is not counted.
double handshake_seconds(const net::TlsServerContext& server, const net::TlsClientContext& client) {
  SSL* a = SSL_new(static_cast<SSL_CTX*>(server.native()));
  SSL* b = SSL_new(static_cast<SSL_CTX*>(client.native()));
  BIO* left = nullptr;
  BIO* right = nullptr;
  BIO_new_bio_pair(&left, 64 * 1024, &right, 64 * 1024);
  SSL_set_bio(a, left, left);
  SSL_set_bio(b, right, right);
  SSL_set_accept_state(a);
  SSL_set_connect_state(b);
  SSL_set1_host(b, "localhost");
  double spent = 0;
  bool done = false;
  for (int i = 0; i < 20 && !done; ++i) {
    const int connected = SSL_do_handshake(b);
    const double before = thread_seconds();
    const int accepted = SSL_do_handshake(a);
    spent += thread_seconds() - before;
    done = connected == 1 && accepted == 1;
  }
  SSL_free(a);
  SSL_free(b);
  if (!done) {
    std::fprintf(stderr, "bench_registration: the handshake of the floor failed\n");
    std::exit(1);
  }
  return spent;
}

double floor_seconds(const std::filesystem::path& data, const Clock& clock) {
  auto identity = demand(api::load_server_identity(data, {}, clock));
  const auto server = demand(net::TlsServerContext::create(
      {.identity = std::move(identity), .request_client_certificate = true}));
  const auto client = demand(net::TlsClientContext::create(
      {.ca_pem = demand(read_file(data / "ca.pem")), .system_roots = false}));
  const auto ca_key = x509::PrivateKey::generate();
  x509::CertificateProfile profile;
  profile.common_name = "floor";
  profile.not_before = clock.now();
  profile.not_after = clock.now() + std::chrono::hours(24);
  profile.ca = true;
  const auto ca = demand(x509::issue_self_signed(ca_key, profile));
  const x509::KeySigner signer(ca_key);
  profile.ca = false;
  profile.client_auth = true;
  profile.not_after -=
      std::chrono::hours(1);  // certificates keep whole seconds, and never outlive their CA
  const std::string csr =
      demand(x509::CertificateRequest::create(x509::PrivateKey::generate(), "x")).to_pem();
  double spent = 0;
  for (int i = 0; i < kFloorRounds; ++i) {
    spent += handshake_seconds(*server, *client);
    const double before = thread_seconds();
    const auto request = demand(x509::CertificateRequest::from_pem(csr));
    demand(request.verify_self_signature());
    demand(x509::issue(ca, signer, request.public_key(), profile));
    spent += thread_seconds() - before;
  }
  return spent / kFloorRounds;
}

double resident_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int devices = argc > 1 ? std::atoi(argv[1]) : 2000;
  const int nodes = argc > 2 ? std::atoi(argv[2]) : 100'000;
  std::string name = (std::filesystem::temp_directory_path() / "ferry-bench-XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(name.data());
  double created = 0;
  Measured measured;
  double floor = 0;
  {
    Plant plant(directory);
    plant.furnish();
    const auto tokens = plant.create("device", devices);
    floor = floor_seconds(directory, plant.clock);
    measured = register_all(plant, directory, tokens);
    const double start = seconds_of(CLOCK_MONOTONIC);
    plant.create("node", nodes);
    created = nodes / (seconds_of(CLOCK_MONOTONIC) - start);
  }
  Plant plant(directory);  // as ferryd is after a start
  demand(plant.control->resume());
  const auto page =
      demand(plant.control->nodes.open_tokens(plant.organization, "plant-a", "", 1000));
  std::printf(
      "%s\n",
      json::serialize(json::object{{"registrationsPerSecond", devices / measured.processor_seconds},
                                   {"floorPerSecond", 1 / floor},
                                   {"wallPerSecond", devices / measured.wall_seconds},
                                   {"memoryMegabytes", resident_megabytes()},
                                   {"nodes", nodes + devices},
                                   {"createdPerSecond", created},
                                   {"page", page.size()}})
          .c_str());
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  std::fflush(stdout);
  std::_Exit(0);  // what sleeps in the loop has no end
}
