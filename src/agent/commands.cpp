// SPDX-License-Identifier: Apache-2.0
#include "agent/commands.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "agent/docker_engine.hpp"
#include "agent/node.hpp"
#include "agent/register.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

int report_failure(const Error& error) {
  fmt::print(stderr, "ferry-agent: {}\n", error.describe());
  if (!error.hint.empty()) fmt::print(stderr, "  {}\n", error.hint);
  return 1;
}

Result<std::string> read_pem(const std::string& path) {
  if (path.empty()) return std::string();
  auto text = read_file(path);
  if (!text) return text;
  if (auto parsed = x509::parse_chain(*text); !parsed) {
    return fail(std::move(parsed).error().with("read the certificates in {}", path));
  }
  return text;
}

// Never from the command line, which every user of the machine can read.
Result<Secret> read_token(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (!file.empty()) {
    auto content = read_file(file);
    if (!content) return fail(std::move(content).error().with("read the token"));
    text = *std::move(content);
  } else if (const char* variable = std::getenv("FERRY_NODE_TOKEN")) {
    text = variable;
  }
  const std::string token(trim(text));
  if (token.empty()) {
    return fail(Error{Code::invalid_argument, "there is no token"}.advise(
        "give it in FERRY_NODE_TOKEN, or with --token-file FILE, or --token-file - for standard "
        "input"));
  }
  return Secret(token);
}

Result<AgentSettings> update_settings(const DataDirectory& directory, const std::string& ca_file) {
  auto settings = load_or_make_settings(directory);
  if (!settings || ca_file.empty()) return settings;
  auto pem = read_pem(ca_file);
  if (!pem) return fail(std::move(pem).error());
  if (settings->cloud_ca_pem == *pem) return settings;
  settings->cloud_ca_pem = *std::move(pem);
  if (auto saved = directory.save(*settings); !saved) return fail(std::move(saved).error());
  return settings;
}

Result<RegisterOutcome> do_register(const CommonOptions& common, const RegisterCommand& command) {
  auto directory = DataDirectory::open(common.data);
  if (!directory) return fail(std::move(directory).error());
  auto settings = update_settings(*directory, command.cloud_ca_file);
  if (!settings) return fail(std::move(settings).error());
  auto ca = read_pem(command.ca_file);
  if (!ca) return fail(std::move(ca).error());
  auto tls = net::TlsClientContext::create({*ca, true, std::nullopt});
  if (!tls) return fail(std::move(tls).error());
  net::HttpClientOptions http_options;
  http_options.tls = *tls;
  http_options.user_agent = fmt::format("ferry-agent/{}", kProgramVersion);
  net::EventLoop loop;
  net::HttpClient http(std::move(http_options));
  RegisterOptions options{command.server, [&] { return read_token(command.token_file); }};
  return loop.run_until_done(register_device(*directory, http, std::move(options)));
}

std::string state_text(const ObservedContainer& container) {
  switch (container.state) {
    case ContainerState::created:
      return "created";
    case ContainerState::running:
      return "running";
    case ContainerState::paused:
      return "paused";
    case ContainerState::restarting:
      return "restarting";
    case ContainerState::removing:
      return "removing";
    case ContainerState::dead:
      return "dead";
    case ContainerState::exited:
      return fmt::format("exited ({})", container.exit_code);
  }
  return "unknown";
}

void print_modules(const std::vector<ObservedContainer>& containers) {
  fmt::print("modules       {}\n", containers.empty() ? "none" : "");
  for (const auto& container : containers) {
    fmt::print("  {:<24} {:<14} {:<14} {}\n", container.module, container.version,
               state_text(container), container.image);
  }
}

void print_registration(const std::optional<Registration>& registration) {
  if (!registration) {
    fmt::print("registration  none: run ferry-agent register\n");
    return;
  }
  fmt::print("registration  {} at {} ({})\n", registration->registration_id,
             registration->provisioning_host, registration->id_scope);
  const auto chain = x509::parse_chain(registration->chain_pem);
  if (chain) fmt::print("certificate   until {}\n", format_rfc3339(chain->front().not_after()));
}

Result<void> print_status(const CommonOptions& common) {
  auto directory = DataDirectory::open_read_only(common.data);
  if (!directory) return fail(std::move(directory).error());
  auto settings = directory->load_settings();
  if (!settings) return fail(std::move(settings).error());
  auto registration = existing_registration(*directory);
  if (!registration) return fail(std::move(registration).error());
  print_registration(*registration);
  auto assignment = directory->load_assignment();
  if (assignment && *assignment) {
    fmt::print("hub           {} as {}\n", (*assignment)->hub, (*assignment)->device_id);
  }
  auto desired = directory->load_desired();
  if (desired && *desired) {
    fmt::print("composition   version {}\n", int_or(**desired, "$version", 0));
  }
  if (!*settings) return {};
  auto engine = DockerEngine::create(common.docker);
  if (!engine) return fail(std::move(engine).error());
  net::EventLoop loop;
  auto containers = loop.run_until_done(engine->list((*settings)->instance));
  if (!containers) return fail(std::move(containers).error());
  print_modules(*containers);
  return {};
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

int run_agent(const CommonOptions& common, const RunCommand& command) {
  auto directory = DataDirectory::open(common.data);
  if (!directory) return report_failure(directory.error());
  auto settings = update_settings(*directory, command.cloud_ca_file);
  if (!settings) return report_failure(settings.error());
  auto node =
      Node::create(*directory, *settings,
                   {common.docker, command.network, kProgramVersion, command.stop_modules_on_exit});
  if (!node) return report_failure(node.error());
  (*node)->run();
  return 0;
}

int run_status(const CommonOptions& common) {
  auto printed = print_status(common);
  return printed ? 0 : report_failure(printed.error());
}

int run_remove_modules(const CommonOptions& common) {
  auto directory = DataDirectory::open(common.data);
  if (!directory) return report_failure(directory.error());
  auto settings = load_or_make_settings(*directory);
  if (!settings) return report_failure(settings.error());
  auto engine = DockerEngine::create(common.docker);
  if (!engine) return report_failure(engine.error());
  net::EventLoop loop;
  SystemClock clock;
  SupervisorOptions options;
  options.device.instance = settings->instance;
  Supervisor supervisor(loop.executor(), *directory, *std::move(engine), clock, std::move(options));
  auto removed = loop.run_until_done(supervisor.remove_modules());
  return removed ? 0 : report_failure(removed.error());
}

}  // namespace ferry::agent
