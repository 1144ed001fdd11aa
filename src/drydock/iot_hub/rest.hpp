// SPDX-License-Identifier: Apache-2.0
// The operations of the hub's REST API. Each has been authorized before; what it changes is
// committed after it.
#pragma once

#include "drydock/iot_hub/authorization.hpp"
#include "drydock/iot_hub/jobs.hpp"
#include "drydock/iot_hub/message_router.hpp"
#include "drydock/iot_hub/methods.hpp"
#include "net/router.hpp"

namespace drydock::iot_hub {

// What operations need beside the hub.
struct Services {
  MethodCalls& methods;
  MessageRouter& router;
  Jobs& jobs;
};

struct Call {
  const ferry::net::HttpRequest& request;
  const ferry::net::RouteParameters& parameters;
  Hub& hub;
  Services& services;
  DeviceProof proof;        // of {device}, when it calls by itself
  bool has_module = false;  // the route has {module}

  EntityKey key() const;  // of the route's {device} and {module}
  // Without quotes and W/; empty when there is none.
  std::string if_match() const;
  Outcome<json::object> body() const;      // 400006
  Outcome<std::size_t> page_size() const;  // x-ms-max-item-count, 100 without it; 400004
};

struct Operation {
  std::string_view method;
  std::string_view pattern;
  unsigned rights = 0;  // of a policy; any of them is enough
  // Of a role, for tokens of Entra; below "Microsoft.Devices/IotHubs/".
  std::string_view data_action = {};
  bool device_itself = false;  // also with the credentials of {device}
  Outcome<ferry::net::HttpResponse> (*run)(Call&) = nullptr;
  // Instead, what takes its time. The call and what it refers to live until it is done.
  ferry::net::Task<Outcome<ferry::net::HttpResponse>> (*run_later)(Call&) = nullptr;
};
std::span<const Operation> operations();

Outcome<ferry::net::HttpResponse> get_device(Call& call);
Outcome<ferry::net::HttpResponse> put_device(Call& call);
Outcome<ferry::net::HttpResponse> delete_device(Call& call);
Outcome<ferry::net::HttpResponse> list_devices(Call& call);
Outcome<ferry::net::HttpResponse> list_modules(Call& call);
Outcome<ferry::net::HttpResponse> get_module(Call& call);
Outcome<ferry::net::HttpResponse> put_module(Call& call);
Outcome<ferry::net::HttpResponse> delete_module(Call& call);
Outcome<ferry::net::HttpResponse> bulk_devices(Call& call);
Outcome<ferry::net::HttpResponse> device_statistics(Call& call);
Outcome<ferry::net::HttpResponse> service_statistics(Call& call);
Outcome<ferry::net::HttpResponse> get_twin(Call& call);
Outcome<ferry::net::HttpResponse> patch_twin(Call& call);
Outcome<ferry::net::HttpResponse> replace_twin(Call& call);
ferry::net::Task<Outcome<ferry::net::HttpResponse>> invoke_method(Call& call);
Outcome<ferry::net::HttpResponse> query_devices(Call& call);
ferry::net::Task<Outcome<ferry::net::HttpResponse>> send_event(Call& call);
Outcome<ferry::net::HttpResponse> receive_message(Call& call);
Outcome<ferry::net::HttpResponse> settle_message(Call& call);
Outcome<ferry::net::HttpResponse> abandon_message(Call& call);
Outcome<ferry::net::HttpResponse> purge_messages(Call& call);
Outcome<ferry::net::HttpResponse> receive_feedback(Call& call);
Outcome<ferry::net::HttpResponse> settle_feedback(Call& call);
Outcome<ferry::net::HttpResponse> abandon_feedback(Call& call);
Outcome<ferry::net::HttpResponse> schedule_job(Call& call);
Outcome<ferry::net::HttpResponse> get_job(Call& call);
Outcome<ferry::net::HttpResponse> cancel_job(Call& call);
Outcome<ferry::net::HttpResponse> query_jobs(Call& call);
Outcome<ferry::net::HttpResponse> list_configurations(Call& call);
Outcome<ferry::net::HttpResponse> get_configuration(Call& call);
Outcome<ferry::net::HttpResponse> put_configuration(Call& call);
Outcome<ferry::net::HttpResponse> delete_configuration(Call& call);
Outcome<ferry::net::HttpResponse> test_configuration(Call& call);
Outcome<ferry::net::HttpResponse> apply_configuration_content(Call& call);

}  // namespace drydock::iot_hub
