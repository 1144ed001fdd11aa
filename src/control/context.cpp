// SPDX-License-Identifier: Apache-2.0
#include "control/context.hpp"

#include "control/certificates/rollover_steps.hpp"

namespace ferry::control {

Context::Context(net::EventLoop& event_loop, const Clock& the_clock,
                 std::unique_ptr<store::Store> the_store, TransportFactory transports,
                 EngineOptions engine_options)
    : loop(event_loop),
      clock(the_clock),
      store_owner(std::move(the_store)),
      store(*store_owner),
      clouds(store, clock, std::move(transports), engine_options.sleep),
      engine(loop, clock, store, engine_options),
      published(store),
      failures(clock) {
  define_workspace_workflows(*this);
  define_group_workflows(*this);
  define_node_workflows(*this);
  define_access_workflows(*this);
  define_publishing_workflow(*this);
  define_deployment_workflow(*this);
  define_rollover_workflow(*this);
}

}  // namespace ferry::control
