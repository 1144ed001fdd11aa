// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/refusal.hpp"

#include "base/id.hpp"

namespace drydock::iot_hub {

namespace json = ferry::json;

std::string_view Refusal::name() const {
  switch (number) {
    case 400004:
      return "ArgumentInvalid";
    case 400005:
      return "ArgumentNull";
    case 400006:
      return "IotHubFormatError";
    case 400013:
      return "BulkRegistryOperationFailure";
    case 400401:
      return "InvalidConfigurationTargetCondition";
    case 400402:
      return "InvalidConfigurationContent";
    case 400403:
      return "CannotModifyImmutableConfigurationContent";
    case 400404:
      return "InvalidConfigurationCustomMetricsQuery";
    case 401002:
      return "IotHubUnauthorizedAccess";
    case 401003:
      return "IotHubUnauthorized";
    case 401100:
      return "SystemModuleModifyUnauthorizedAccess";
    case 403000:
      return "Forbidden";
    case 403004:
      return "DeviceMaximumQueueDepthExceeded";
    case 403012:
      return "DeviceDisabled";
    case 403100:
      return "DeviceModelMaxPropertiesExceeded";
    case 404001:
      return "DeviceNotFound";
    case 404010:
      return "ModuleNotFound";
    case 404103:
      return "DeviceNotOnline";
    case 404104:
      return "JobNotFound";
    case 404301:
      return "ConfigurationNotFound";
    case 409001:
      return "DeviceAlreadyExists";
    case 409301:
      return "ModuleAlreadyExistsOnDevice";
    case 409102:
      return "JobAlreadyExists";
    case 409401:
      return "ConfigurationAlreadyExists";
    case 412001:
      return "PreconditionFailed";
    case 412002:
      return "DeviceMessageLockLost";
    case 413001:
      return "MessageTooLarge";
    case 413003:
      return "TooManyModulesOnDevice";
    case 413101:
      return "ConfigurationCountLimitExceeded";
    case 429001:
      return "ThrottlingException";
    case 429004:
      return "ThrottlingMaxActiveJobCountExceeded";
    case 501000:
      return "NotSupportedByDrydock";
    case 503001:
      return "ServiceUnavailable";
    case 504101:
      return "GatewayTimeout";
    default:
      break;
  }
  if (status() == 404) return "NotFound";
  return status() == 405 ? "MethodNotAllowed" : "ServerError";
}

ferry::net::HttpResponse json_response(int status, const json::value& body) {
  ferry::net::HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = json::serialize(body);
  return response;
}

ferry::net::HttpResponse to_response(const Refusal& refusal, ferry::Timestamp now) {
  auto response = json_response(
      refusal.status(),
      json::object{
          {"Message", fmt::format("ErrorCode:{};{}", refusal.name(), refusal.message)},
          {"ExceptionMessage", fmt::format("Tracking ID:{}-TimeStamp:{}", ferry::random_id("t"),
                                           ferry::format_rfc3339(now))}});
  response.headers.set("iothub-errorcode", std::string(refusal.name()));
  return response;
}

std::string mqtt_error_body(const Refusal& refusal, ferry::Timestamp now) {
  return json::serialize(json::object{{"errorCode", refusal.number},
                                      {"trackingId", ferry::random_id("t")},
                                      {"message", refusal.message},
                                      {"timestampUtc", ferry::format_rfc3339(now)}});
}

}  // namespace drydock::iot_hub
