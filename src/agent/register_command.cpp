// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "agent/command_support.hpp"
#include "agent/commands.hpp"
#include "agent/register.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

const SystemClock system_clock;

// A device whose clock has not been set yet could trust no server. The CA's own date tells.
net::Task<Result<void>> set_clock(AgentSettings settings, std::string server, DeviceTime& clock) {
  const auto ca = x509::parse_chain(settings.server_ca_pem);
  if (ca) clock.not_before(ca->front().not_before());
  if (!clock.provably_behind()) co_return Result<void>();
  co_return co_await find_time(std::move(settings), std::move(server), clock);
}

net::Task<Result<RegisterOutcome>> set_clock_and_register(const DataDirectory& directory,
                                                          AgentSettings settings,
                                                          std::shared_ptr<DeviceTime> clock,
                                                          RegisterOptions options) {
  auto existing = existing_registration(directory);
  if (!existing) co_return fail(std::move(existing).error());
  if (!*existing) {
    auto set = co_await set_clock(settings, options.server, *clock);
    if (!set) co_return fail(std::move(set).error());
  }
  auto tls = ferry_tls(settings, nullptr, clock);
  if (!tls) co_return fail(std::move(tls).error());
  net::HttpClientOptions http_options;
  http_options.tls = *tls;
  http_options.user_agent = fmt::format("ferry-agent/{}", kProgramVersion);
  net::HttpClient http(std::move(http_options));
  auto outcome = co_await register_device(directory, http, std::move(options));
  co_return outcome;
}

Result<RegisterOutcome> do_register(const CommonOptions& common, const RegisterCommand& command) {
  auto cloud_ca = read_pem(command.cloud_ca_file);
  if (!cloud_ca) return fail(std::move(cloud_ca).error());
  auto server_ca = read_pem(command.ca_file);
  if (!server_ca) return fail(std::move(server_ca).error());
  auto directory = DataDirectory::open(common.data);
  if (!directory) return fail(std::move(directory).error());
  auto settings =
      update_settings(*directory, {*cloud_ca, *server_ca, command.key_type, command.keep_key});
  if (!settings) return fail(std::move(settings).error());
  RegisterOptions options;
  options.server = command.server;
  options.token = [&] { return read_token(command.token_file); };
  options.name = command.name;
  options.hardware_id = command.hardware_id.empty() ? default_hardware_id() : command.hardware_id;
  options.wait = !command.no_wait;
  options.progress = [](std::string_view what) { fmt::print(stderr, "{}\n", what); };
  net::EventLoop loop;
  return loop.run_until_done(set_clock_and_register(
      *directory, *settings, std::make_shared<DeviceTime>(system_clock), std::move(options)));
}

}  // namespace

int run_register(const CommonOptions& common, const RegisterCommand& command) {
  auto outcome = do_register(common, command);
  if (!outcome) return report_failure(outcome.error());
  fmt::print("{} {}\n",
             outcome->was_registered ? "This device is already registered as"
                                     : "This device is now registered as",
             outcome->registration.registration_id);
  return 0;
}

}  // namespace ferry::agent
