// SPDX-License-Identifier: Apache-2.0
#include "control/control.hpp"

#include "control/context.hpp"

namespace ferry::control {

Result<std::unique_ptr<Control>> Control::open(net::EventLoop& loop, const Clock& clock,
                                               const std::filesystem::path& directory,
                                               std::optional<store::MasterKeySource> master_key) {
  auto opened = store::Store::open(directory, std::move(master_key));
  if (!opened) {
    return fail(
        std::move(opened).error().with("open the control plane's data in {}", directory.string()));
  }
  return over(std::make_unique<Context>(loop, clock, *std::move(opened), https_transports(),
                                        EngineOptions{}));
}

std::unique_ptr<Control> Control::over(std::unique_ptr<Context> context) {
  return std::unique_ptr<Control>(new Control(std::move(context)));
}

Control::Control(std::unique_ptr<Context> context)
    : context_(std::move(context)),
      access(*context_),
      sessions(*context_),
      operations(*context_),
      accounts(*context_),
      workspaces(*context_),
      certificates(*context_),
      groups(*context_),
      nodes(*context_),
      registration(*context_),
      components(*context_),
      deployments(*context_),
      observing(*context_) {}

Control::~Control() = default;

Result<void> Control::resume() {
  return context_->engine.resume();
}

}  // namespace ferry::control
