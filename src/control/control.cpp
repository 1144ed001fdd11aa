// SPDX-License-Identifier: Apache-2.0
#include "control/control.hpp"

#include "base/log.hpp"
#include "control/context.hpp"
#include "control/deployments/rollout_loop.hpp"
#include "control/nodes/node_gate.hpp"

namespace ferry::control {
namespace {

// Authorities live for years; looking every hour is often enough.
net::Task<void> follow_due_authorities(Context& context) {
  for (;;) {
    auto started = Rollovers(context).start_due();
    if (!started) {
      log::error("certificates", "cannot start rollovers: {}", started.error().describe());
    } else if (*started > 0) {
      log::info("certificates", "{} authorities are being followed by new ones", *started);
    }
    co_await net::sleep_for(std::chrono::hours(1));
  }
}

}  // namespace

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
      certificate_policies(*context_),
      rollovers(*context_),
      external_authorities(*context_),
      groups(*context_),
      nodes(*context_),
      registration(*context_),
      renewals(*context_),
      edge_authorities(*context_),
      enrollments(*context_),
      policies(*context_),
      revoking(*context_),
      moving(*context_),
      components(*context_),
      deployments(*context_),
      rollouts(*context_),
      configuration(*context_),
      simulating(*context_),
      observing(*context_) {}

Control::~Control() = default;

Result<void> Control::resume() {
  auto resumed = context_->engine.resume();
  if (!resumed) return resumed;
  auto rollouts_resumed = resume_rollouts(*context_);
  if (!rollouts_resumed) return rollouts_resumed;
  context_->loop.spawn(follow_due_authorities(*context_));
  context_->loop.spawn(sweep_shut_outs(*context_));
  return {};
}

}  // namespace ferry::control
