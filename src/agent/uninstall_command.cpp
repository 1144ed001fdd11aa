// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <iostream>

#include "agent/command_support.hpp"
#include "agent/commands.hpp"
#include "agent/device_setup.hpp"
#include "agent/docker_engine.hpp"
#include "net/task.hpp"

namespace ferry::agent {
namespace {

// In the order in which they go: what identifies this agent's containers goes last.
constexpr const char* kFiles[] = {"pending.json",      "session.json",    "next.registration.json",
                                  "next.key.pem",      "renewal.json",    "desired.json",
                                  "state.json",        "assignment.json", "device.key.pem",
                                  "registration.json", "agent.json"};

Result<void> remove_containers(const std::string& docker,
                               const std::vector<ObservedContainer>& containers) {
  auto engine = DockerEngine::create(docker);
  if (!engine) return fail(std::move(engine).error());
  net::EventLoop loop;
  auto version = loop.run_until_done(engine->negotiate());
  if (!version) return fail(std::move(version).error());
  for (const auto& container : containers) {
    auto stopped = loop.run_until_done(engine->stop(container.id, std::chrono::seconds(10)));
    if (!stopped) return stopped;
    auto removed = loop.run_until_done(engine->remove(container.id));
    if (!removed) return removed;
  }
  return {};
}

Result<void> add_containers(Deeds& deeds, const CommonOptions& common,
                            const std::string& instance) {
  auto engine = DockerEngine::create(common.docker);
  if (!engine) return fail(std::move(engine).error());
  net::EventLoop loop;
  auto version = loop.run_until_done(engine->negotiate());
  auto containers = version ? loop.run_until_done(engine->list(instance))
                            : Result<std::vector<ObservedContainer>>(fail(version.error()));
  if (!containers) {
    return fail(
        std::move(containers)
            .error()
            .advise(
                "the modules' containers cannot be found without it; --keep-modules leaves them"));
  }
  if (containers->empty()) return {};
  std::string names;
  for (const auto& container : *containers) names += " " + container.module;
  deeds.call(
      fmt::format("stop and remove the containers of{}", names),
      [docker = common.docker, found = *containers] { return remove_containers(docker, found); });
  return {};
}

// The agent must not run any more when its files go; stopping it is among what was done before.
Result<void> remove_data(const std::filesystem::path& data) {
  {
    auto directory = DataDirectory::open(data);
    if (!directory) {
      return fail(std::move(directory).error().advise("stop the agent that is running"));
    }
    for (const auto* file : kFiles) {
      if (auto removed = remove_file(data / file); !removed) return removed;
    }
  }
  if (auto removed = remove_file(data / "lock"); !removed) return removed;
  std::error_code error;
  std::filesystem::remove(data, error);  // only when nothing else is in it
  return {};
}

Result<Deeds> plan(const CommonOptions& common, const UninstallCommand& command) {
  auto deeds = teardown_deeds(common.root);
  if (!deeds) return deeds;
  const auto data = common.data_path();
  auto directory = DataDirectory::open_read_only(data);
  if (!directory) return deeds;
  auto settings = directory->load_settings();
  if (!settings) return fail(std::move(settings).error());
  const bool has_modules = *settings && (*settings)->runtime != "iotedge";
  if (has_modules && !command.keep_modules && common.root.empty()) {
    auto added = add_containers(*deeds, common, (*settings)->instance);
    if (!added) return fail(std::move(added).error());
  }
  deeds->call(fmt::format("remove {}: this device's key, certificate and all that the agent knows",
                          data.string()),
              [data] { return remove_data(data); });
  return deeds;
}

bool agreed() {
  fmt::print("Go on? [y/N] ");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
  return line == "y" || line == "yes";
}

}  // namespace

int run_uninstall(const CommonOptions& common, const UninstallCommand& command) {
  auto deeds = plan(common, command);
  if (!deeds) return report_failure(deeds.error());
  if (deeds->empty()) {
    fmt::print("There is nothing of Ferry here.\n");
    return 0;
  }
  fmt::print("{}{}", command.dry_run ? "Nothing is done now. This would be:\n" : "",
             deeds->describe());
  if (command.dry_run) return 0;
  if (!command.yes && !agreed()) {
    return report_failure(Error{Code::cancelled, "nothing was done"});
  }
  auto done = deeds->carry_out([](std::string_view) {});
  if (!done) return report_failure(done.error());
  fmt::print("Done. In Ferry the node is still there: ferry node delete takes it away.\n");
  return 0;
}

}  // namespace ferry::agent
