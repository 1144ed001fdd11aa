// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "agent/cloud_identity.hpp"
#include "agent/command_support.hpp"
#include "agent/commands.hpp"
#include "agent/device_setup.hpp"
#include "agent/renewer.hpp"

namespace ferry::agent {
namespace {

const SystemClock system_clock;

// As the running agent does it, but without a session of its own to keep alive.
net::Task<Result<void>> try_identity(AgentSettings settings, std::shared_ptr<const Clock> clock,
                                     Identity identity) {
  auto tls = cloud_tls(settings, identity, std::move(clock));
  if (!tls) co_return fail(std::move(tls).error());
  net::HttpClientOptions options;
  options.tls = *tls;
  options.user_agent = fmt::format("ferry-agent/{}", kProgramVersion);
  net::HttpClient http(std::move(options));
  auto assignment = co_await provision(http, std::move(identity.registration));
  if (!assignment) co_return fail(std::move(assignment).error());
  auto seen = co_await module_generations(http, *std::move(assignment));
  if (!seen) co_return fail(std::move(seen).error());
  co_return Result<void>();
}

Result<void> show_to_runtime(const CommonOptions& common, const DataDirectory& directory) {
  auto identity = identity_in_use(directory);
  if (!identity) return fail(std::move(identity).error());
  if (!*identity) return fail(Code::internal, "the device's certificate does not fit its key");
  return edge_identity_deeds(common.root, **identity).carry_out([](std::string_view what) {
    fmt::print(stderr, "{}\n", what);
  });
}

Result<void> do_renew(const CommonOptions& common, const RenewCommand& command) {
  auto directory = DataDirectory::open(common.data_path());
  if (!directory) {
    auto error = std::move(directory).error();
    if (error.code == Code::conflict)
      error.hint = "a running agent renews by itself, and at once when it gets SIGHUP";
    return fail(std::move(error));
  }
  auto settings = load_or_make_settings(*directory);
  if (!settings) return fail(std::move(settings).error());
  net::EventLoop loop;
  auto clock = std::make_shared<DeviceTime>(system_clock);
  RenewerOptions options;
  options.try_identity = [&](Identity identity) {
    return try_identity(*settings, clock, std::move(identity));
  };
  options.progress = [](std::string_view what) { fmt::print(stderr, "{}\n", what); };
  auto renewer = Renewer::create(loop.executor(), *directory, clock, std::move(options));
  if (!renewer) return fail(std::move(renewer).error());
  const std::string before = (*renewer)->renewal().current().id;
  if (command.now) {
    if (auto asked = (*renewer)->ask(); !asked) return asked;
  }
  auto until = loop.run_until_done((*renewer)->run_once());
  // Also when nothing was due: the last run may have been cut short right here.
  if (settings->runtime == "iotedge") {
    if (auto shown = show_to_runtime(common, *directory); !shown) return shown;
  }
  if (!until) return fail(std::move(until).error());
  const Renewal& renewal = (*renewer)->renewal();
  if (renewal.memory().awaits_approval) {
    fmt::print("The renewal waits until somebody at Ferry approves it; asked again after {}\n",
               format_rfc3339(*until));
    return {};
  }
  fmt::print("{}; good until {}, renewed after {}\n",
             renewal.current().id == before ? "The certificate is not due yet"
                                            : "The certificate has been renewed",
             format_rfc3339(renewal.current().not_after),
             format_rfc3339(renewal.current().renew_after));
  return {};
}

}  // namespace

int run_renew(const CommonOptions& common, const RenewCommand& command) {
  auto renewed = do_renew(common, command);
  return renewed ? 0 : report_failure(renewed.error());
}

}  // namespace ferry::agent
