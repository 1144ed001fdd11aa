// SPDX-License-Identifier: Apache-2.0
#include "agent/commands.hpp"

#include <cstdio>

#include "agent/command_support.hpp"
#include "agent/docker_engine.hpp"
#include "agent/node.hpp"
#include "agent/register.hpp"

namespace ferry::agent {
namespace {

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

void print_renewal(const DataDirectory& directory, const Registration& registration) {
  const auto life = life_of(registration);
  if (life) {
    fmt::print("certificate   until {}, renewed after {}\n", format_rfc3339(life->not_after),
               format_rfc3339(life->renew_after));
  }
  const auto memory = directory.load_renewal();
  if (!memory || memory->problem.empty()) return;
  fmt::print("renewal       {}\n", memory->problem);
  if (memory->retry_at)
    fmt::print("              again at {}\n", format_rfc3339(*memory->retry_at));
}

void print_registration(const DataDirectory& directory,
                        const std::optional<Registration>& registration) {
  if (!registration) {
    fmt::print("registration  none: run ferry-agent register\n");
    return;
  }
  fmt::print("registration  {} at {} ({})\n", registration->registration_id,
             registration->provisioning_host, registration->id_scope);
  print_renewal(directory, *registration);
}

Result<void> print_status(const CommonOptions& common) {
  auto directory = DataDirectory::open_read_only(common.data_path());
  if (!directory) return fail(std::move(directory).error());
  auto settings = directory->load_settings();
  if (!settings) return fail(std::move(settings).error());
  auto registration = existing_registration(*directory);
  if (!registration) return fail(std::move(registration).error());
  print_registration(*directory, *registration);
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

int run_agent(const CommonOptions& common, const RunCommand& command) {
  auto directory = DataDirectory::open(common.data_path());
  if (!directory) return report_failure(directory.error());
  auto cloud_ca = read_pem(command.cloud_ca_file);
  if (!cloud_ca) return report_failure(cloud_ca.error());
  auto settings = update_settings(*directory, {.cloud_ca_pem = *cloud_ca});
  if (!settings) return report_failure(settings.error());
  auto node =
      Node::create(*directory, *settings,
                   {common.docker, common.network, kProgramVersion, command.stop_modules_on_exit,
                    std::chrono::seconds(command.proven_after)});
  if (!node) return report_failure(node.error());
  (*node)->run();
  return 0;
}

int run_status(const CommonOptions& common) {
  auto printed = print_status(common);
  return printed ? 0 : report_failure(printed.error());
}

int run_remove_modules(const CommonOptions& common) {
  auto directory = DataDirectory::open(common.data_path());
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
