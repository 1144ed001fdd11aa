// SPDX-License-Identifier: Apache-2.0
// What Ferry itself costs when it provisions workspaces: against a Drydock without artificial
// delay, with waiting skipped (Azure's rate limits and polling pauses are added up instead). The
// yardstick is a plain loop over the same HTTPS client that sends the same requests one after
// another.
//
//   bench_provisioning ENVIRONMENT.json DIRECTORY COUNT...
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "control/context.hpp"
#include "control/control.hpp"
#include "fleet/desired_resources.hpp"

namespace {

using namespace ferry;
using std::chrono::milliseconds;

// Real time, plus what was not waited for.
class SkippingClock final : public Clock {
 public:
  Timestamp now() const override { return real_.now() + skipped_; }
  net::Task<void> skip(milliseconds delay) {
    skipped_ += delay;
    co_await net::sleep_for(milliseconds(0));
  }
  double skipped_seconds() const { return static_cast<double>(skipped_.count()) / 1000; }

 private:
  SystemClock real_;
  milliseconds skipped_{0};
};

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << "bench_provisioning: " << result.error().describe() << "\n";
  std::exit(1);
}
void must(Result<void> result) {
  if (result) return;
  std::cerr << "bench_provisioning: " << result.error().describe() << "\n";
  std::exit(1);
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Ferry over the real HTTPS transport, which counts and, when asked to, remembers.
struct Bench {
  Bench(const json::object& environment, const std::string& directory) {
    control::EngineOptions options;
    options.sleep = [this](milliseconds delay) { return clock.skip(delay); };
    auto made = std::make_unique<control::Context>(
        loop, clock, must(store::Store::open(directory)),
        [this](const std::string& ca_pem) -> Result<azure::Transport> {
          auto inner = control::https_transports()(ca_pem);
          if (!inner) return inner;
          transport = *inner;
          return azure::Transport([this, send = *std::move(inner)](net::HttpCall call) {
            ++requests;
            if (remember) remembered.push_back(call);
            return send(std::move(call));
          });
        },
        options);
    context = made.get();
    ferry = control::Control::over(std::move(made));
    const Secret token("ferry_bench_of_provisioning_owner_token");
    must(ferry->access.ensure_owner("default", "owner", token));
    organization = must(ferry->access.authenticate(token)).organization.id;
    control::NewCloudAccount account;
    account.name = "drydock";
    account.resource_manager = string_or(environment, "resourceManager", "");
    account.ca_pem = must(read_file(string_or(environment, "caFile", "")));
    account.tenant_id = string_or(environment, "tenantId", "");
    account.subscription_id = string_or(environment, "subscriptionId", "");
    account.credential.client_id = string_or(environment, "clientId", "");
    account.credential.secret = Secret(string_or(environment, "clientSecret", ""));
    must(loop.run_until_done(ferry->accounts.connect(organization, std::move(account))));
  }

  // Until all of these have ended.
  net::Task<bool> wait(std::vector<fleet::OperationId> operations) {
    for (const auto& id : operations) {
      std::uint64_t seen = 0;
      while (true) {
        auto watched = co_await ferry->operations.watch(id.str(), seen, std::chrono::seconds(1));
        if (watched && !*watched) continue;
        const auto answer = *must(std::move(watched));
        const auto& state = answer.operation;
        if (state.finished_at) {
          if (state.error) must(Result<void>(fail(*state.error)));
          break;
        }
        seen = answer.revision;
      }
    }
    co_return true;
  }

  json::object provision(int count) {
    const auto requests_before = requests;
    const double skipped_before = clock.skipped_seconds();
    const double processor_before = processor_seconds();
    const double began = now_seconds();
    std::vector<fleet::OperationId> operations;
    for (int i = 0; i < count; ++i) {
      operations.push_back(
          must(ferry->workspaces.create(organization, {.name = fmt::format("ws-{}-{}", count, i),
                                                       .location = "westeurope",
                                                       .cloud_account = {},
                                                       .options = {}}))
              .operation.id);
    }
    loop.run_until_done(wait(std::move(operations)));
    return {{"workspaces", count},
            {"seconds", now_seconds() - began},
            {"processorSeconds", processor_seconds() - processor_before},
            {"requests", requests - requests_before},
            {"requestsEach", static_cast<double>(requests - requests_before) / count},
            {"waitingSkippedSeconds", clock.skipped_seconds() - skipped_before}};
  }

  void remove_all() {
    std::vector<fleet::OperationId> operations;
    for (const auto& workspace : must(ferry->workspaces.list(organization))) {
      operations.push_back(
          must(ferry->workspaces.remove(organization, workspace.id.str())).operation.id);
    }
    loop.run_until_done(wait(std::move(operations)));
  }

  net::Task<bool> replay(std::vector<net::HttpCall> calls) {
    for (auto& call : calls) co_await transport(std::move(call));
    co_return true;
  }

  SkippingClock clock;
  net::EventLoop loop;
  std::unique_ptr<control::Control> ferry;
  control::Context* context = nullptr;
  fleet::OrganizationId organization;
  azure::Transport transport;
  std::int64_t requests = 0;
  bool remember = false;
  std::vector<net::HttpCall> remembered;
};

// The fewest requests that can make a workspace: one that makes each entry of the table, one that
// asks how a long-running one ended and one that reads what came of it, a key for each of four
// services, and two more for the proof of possession. Nothing that looks before it writes, and no
// token.
int fewest_requests() {
  fleet::Workspace workspace;
  workspace.id = fleet::WorkspaceId("ws-aaaaaaaaaaaaaaaa");
  workspace.name = "x";
  int fewest = 0;
  for (const auto& resource : fleet::desired_resources(workspace)) {
    ++fewest;
    const bool long_running =
        resource.key == fleet::keys::kIotHub || resource.key == fleet::keys::kProvisioningService ||
        resource.key == fleet::keys::kRegistry || resource.key == fleet::keys::kPushToken;
    if (long_running) fewest += 2;
    if (resource.key == fleet::keys::kStorageAccount) ++fewest;  // the last answer is the account
  }
  return fewest + 4 + 2;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: bench_provisioning ENVIRONMENT.json DIRECTORY COUNT...\n";
    return 2;
  }
  log::set_minimum_level(log::Level::error);
  const auto environment = must(parse_json_object(must(read_file(argv[1]))));
  Bench bench(environment, argv[2]);
  bench.provision(1);  // token and connections are there from now on
  bench.remove_all();

  std::vector<double> ferry;
  std::vector<double> plain;
  json::array curve;
  for (int round = 0; round < 5; ++round) {
    bench.remembered.clear();
    bench.remember = true;
    ferry.push_back(bench.provision(1).at("seconds").as_double());
    bench.remember = false;
    bench.remove_all();
    const double began = now_seconds();
    bench.loop.run_until_done(bench.replay(bench.remembered));
    plain.push_back(now_seconds() - began);
    // What the replay has made is nobody's: its group goes with one request.
    const auto group = std::find_if(
        bench.remembered.begin(), bench.remembered.end(), [](const net::HttpCall& call) {
          return call.method == "PUT" && call.url.find("/providers/") == std::string::npos;
        });
    net::HttpCall remove = *group;
    remove.method = "DELETE";
    remove.body.clear();
    bench.loop.run_until_done(bench.replay({std::move(remove)}));
  }
  for (int i = 3; i < argc; ++i) {
    curve.push_back(bench.provision(std::atoi(argv[i])));
    bench.remove_all();
  }
  std::cout << json::serialize(json::object{{"ferrySeconds", median(ferry)},
                                            {"plainSeconds", median(plain)},
                                            {"requests", bench.remembered.size()},
                                            {"fewestRequests", fewest_requests()},
                                            {"curve", std::move(curve)}})
            << std::endl;
  return 0;
}
