// SPDX-License-Identifier: Apache-2.0
// IoT Hub's service REST, api-version 2021-04-12: identities, twins, queries, configurations,
// methods.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "azure/iot_hub/types.hpp"
#include "azure/pipeline.hpp"
#include "azure/sas.hpp"

namespace ferry::azure {

// Authorized by one shared access policy. Belongs to one loop; `pipeline` must outlive it.
// Errors: Code::not_found (DeviceNotFound, ModuleNotFound, ConfigurationNotFound, also
// DeviceNotOnline for methods), Code::conflict (exists already), Code::precondition_failed (etag),
// Code::resource_exhausted (throttled after retries, limits, twin too big).
class IotHubClient {
 public:
  IotHubClient(Pipeline& pipeline, SasKey key);
  const std::string& host() const { return key_.host; }

  // Identities. `if_match` is an etag as read, or "*".
  net::Task<Result<DeviceIdentity>> get_device(std::string device);
  net::Task<Result<std::vector<DeviceIdentity>>> list_devices(int top = 1000);
  net::Task<Result<DeviceIdentity>> create_device(DeviceIdentity device);
  net::Task<Result<DeviceIdentity>> update_device(DeviceIdentity device,
                                                  std::string if_match = "*");
  // Up to 100 at once, whatever their etags; those that the hub does not know are left out.
  net::Task<Result<void>> update_devices(std::vector<DeviceIdentity> devices);
  net::Task<Result<void>> delete_device(std::string device);  // gone already is success
  net::Task<Result<std::vector<ModuleIdentity>>> list_modules(std::string device);
  net::Task<Result<ModuleIdentity>> get_module(std::string device, std::string module);
  net::Task<Result<ModuleIdentity>> create_module(ModuleIdentity module);
  net::Task<Result<void>> delete_module(std::string device, std::string module);

  // Twins. A patch has "tags" and/or {"properties":{"desired":..}}; null removes.
  net::Task<Result<Twin>> get_twin(TwinAddress address);
  net::Task<Result<Twin>> patch_twin(TwinAddress address, json::object patch,
                                     std::string if_match = "*");

  // One page of rows; an empty continuation in the answer means that it was the last.
  net::Task<Result<QueryPage>> query_page(std::string query, std::string continuation,
                                          int page_size = 500);
  // All rows; Code::resource_exhausted beyond `limit`.
  net::Task<Result<std::vector<json::object>>> query(std::string query,
                                                     std::size_t limit = 100'000);

  // Configurations (automatic deployments). Content and id cannot change; a new version is a new
  // id.
  net::Task<Result<Configuration>> create_configuration(Configuration configuration);
  // Labels, priority, target condition and metric queries; `configuration.etag` must be as read.
  net::Task<Result<Configuration>> update_configuration(Configuration configuration);
  net::Task<Result<Configuration>> get_configuration(std::string id);
  net::Task<Result<std::vector<Configuration>>> list_configurations(int top = 100);
  net::Task<Result<void>> delete_configuration(std::string id);  // gone already is success

  net::Task<Result<MethodResult>> call_method(TwinAddress address, MethodCall method);
  net::Task<Result<HubStatistics>> statistics();

 private:
  Request request(std::string method, std::string path, std::string query = {}) const;
  net::Task<Result<json::object>> object(Request request);
  net::Task<Result<json::array>> array(Request request);
  net::Task<Result<void>> remove(std::string path, bool with_etag);
  net::Task<Result<json::object>> put(std::string path, json::object body, std::string if_match);

  Pipeline& pipeline_;
  SasKey key_;
  Authorize authorize_;
};

}  // namespace ferry::azure
