// SPDX-License-Identifier: Apache-2.0
#include "control/context.hpp"

#include "control/certificates/rollover_steps.hpp"

namespace ferry::control {
namespace {

// Operations on a workspace's cloud resources run in its lane, one at a time.
EngineOptions with_cancelling(EngineOptions options, const Clouds& clouds) {
  options.cancelling = [&clouds](const store::Operation& operation) {
    clouds.throttle().cancel(throttle_share(fleet::WorkspaceId(operation.lane)));
  };
  return options;
}

}  // namespace

Context::Context(net::EventLoop& event_loop, const Clock& the_clock,
                 std::unique_ptr<store::Store> the_store, TransportFactory transports,
                 EngineOptions engine_options)
    : loop(event_loop),
      clock(the_clock),
      store_owner(std::move(the_store)),
      store(*store_owner),
      clouds(store, clock, std::move(transports), engine_options.sleep),
      engine(loop, clock, store, with_cancelling(engine_options, clouds)),
      published(store),
      failures(clock),
      sleep(engine_options.sleep ? engine_options.sleep : Sleep(net::sleep_for)) {
  define_workspace_workflows(*this);
  define_group_workflows(*this);
  define_node_workflows(*this);
  define_access_workflows(*this);
  define_publishing_workflow(*this);
  define_deployment_workflow(*this);
  define_rollover_workflow(*this);
}

}  // namespace ferry::control
