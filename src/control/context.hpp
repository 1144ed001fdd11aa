// SPDX-License-Identifier: Apache-2.0
// What all services of the control plane share. Not for use outside this module.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "control/accounts/failure_limit.hpp"
#include "control/cloud.hpp"
#include "control/components/catalog.hpp"
#include "control/nodes/node_report.hpp"
#include "control/workflow/workflow.hpp"
#include "x509/certificate.hpp"
#include "x509/signer.hpp"

namespace ferry::control {

struct RolloutWake;

struct Context {
  Context(net::EventLoop& event_loop, const Clock& the_clock,
          std::unique_ptr<store::Store> the_store, TransportFactory transports,
          EngineOptions engine_options);

  net::EventLoop& loop;
  const Clock& clock;
  std::unique_ptr<store::Store> store_owner;
  store::Store& store;
  Clouds clouds;
  WorkflowEngine engine;
  PublishedVersions published;
  FailureLimit failures;  // of devices that register
  // An IoT Hub (S1, one unit) takes 100 changes of its identities a minute.
  std::chrono::milliseconds hub_pace{600};
  std::map<std::string, std::shared_ptr<WorkspaceReports>> reports;  // by workspace id
  // Authorities that have issued, by certificate id, at most as many as authority.cpp says: to
  // unseal and read one takes longer than to sign with it.
  struct OpenAuthority {
    x509::Certificate certificate;
    std::shared_ptr<const x509::Signer> signer;
  };
  mutable std::map<std::string, OpenAuthority> open_authorities;
  // Keys that were made ahead for the next authority of an owner, by its id; see authority.hpp.
  std::map<std::string, x509::PrivateKey> prepared_keys;
  // When nodes renewed in the last minute because of a rollover, by its id; see rollover_pace.hpp.
  std::map<std::string, std::deque<Timestamp>> renewal_places;
  // How often a rollover looks whether it may go on.
  std::chrono::milliseconds rollover_poll{5000};
  // How often a rollout asks what its nodes say.
  std::chrono::milliseconds rollout_poll{5000};
  // Wakes whoever runs a rollout, by its id; see deployments/rollout_loop.hpp.
  std::map<std::string, std::shared_ptr<RolloutWake>> rollout_wakes;
  Sleep sleep;
};

// One place for each kind of operation; called once.
void define_workspace_workflows(Context& context);
void define_group_workflows(Context& context);
void define_node_workflows(Context& context);
void define_access_workflows(Context& context);
void define_publishing_workflow(Context& context);
void define_deployment_workflow(Context& context);

}  // namespace ferry::control
