// SPDX-License-Identifier: Apache-2.0
// Errors on demand look like those that the services make themselves, so that clients cannot tell.
#include "base/id.hpp"
#include "drydock/faults/faults.hpp"

namespace drydock {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr int kTooMany = 429;

std::string words_of(int status) {
  std::string words(net::reason_phrase(status));
  std::erase(words, ' ');
  return words.empty() ? "InternalServerError" : words;
}

bool is_number(std::string_view code) {
  return !code.empty() && code.size() <= 9 &&
         std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

struct Story {
  int status = 500;
  std::string code;
  std::string message;
};

// What each service calls a throttled or failed request when nothing else is asked for.
Story tell(const Fault& fault, Service service) {
  const bool throttled = fault.kind == Fault::Kind::throttle;
  Story story{throttled ? kTooMany : fault.status, fault.code, fault.message};
  if (throttled && service == Service::blob) story.status = 503;
  if (story.message.empty()) {
    story.message = throttled ? "The request was throttled, as a fault of Drydock demands."
                              : "The request failed, as a fault of Drydock demands.";
  }
  if (!story.code.empty()) return story;
  switch (service) {
    case Service::arm:
      story.code = throttled ? "SubscriptionRequestsThrottled" : words_of(story.status);
      break;
    case Service::entra:
      story.code = story.status >= 500 || throttled ? "temporarily_unavailable" : "invalid_request";
      break;
    case Service::blob:
      story.code = story.status == 503   ? "ServerBusy"
                   : story.status == 500 ? "InternalError"
                                         : words_of(story.status);
      break;
    case Service::registry:
      story.code = story.status == kTooMany ? "TOOMANYREQUESTS" : "UNKNOWN";
      break;
    case Service::iot_hub:
    case Service::dps:
      story.code = fmt::format("{}001", story.status);
      break;
  }
  return story;
}

json::value body_of(const Story& story, Service service) {
  switch (service) {
    case Service::entra:
      return json::object{{"error", story.code},
                          {"error_description", fmt::format("AADSTS90033: {}", story.message)},
                          {"error_codes", json::array{90033}},
                          {"trace_id", random_uuid()},
                          {"correlation_id", random_uuid()}};
    case Service::registry:
      return json::object{
          {"errors", json::array{json::object{
                         {"code", story.code}, {"message", story.message}, {"detail", nullptr}}}}};
    case Service::iot_hub:
      return json::object{{"Message", fmt::format("ErrorCode:{};{}",
                                                  story.status == kTooMany ? "ThrottlingException"
                                                  : story.status == 503    ? "ServiceUnavailable"
                                                                           : "ServerError",
                                                  story.message)},
                          {"ExceptionMessage", fmt::format("Tracking ID:{}", random_id("t"))}};
    case Service::dps:
      return json::object{{"errorCode", is_number(story.code) ? std::stoi(story.code) : 500001},
                          {"trackingId", random_uuid()},
                          {"message", story.message}};
    default:
      break;
  }
  // A numeric code is the flat form of Microsoft.Devices.
  if (is_number(story.code)) {
    return json::object{{"code", std::stoi(story.code)},
                        {"httpStatusCode", words_of(story.status)},
                        {"message", fmt::format("{} errorcode: IH{}.", story.message, story.code)}};
  }
  return json::object{{"error", json::object{{"code", story.code}, {"message", story.message}}}};
}

}  // namespace

HttpResponse refusal_of(const Fault& fault, Service service, const HttpRequest& request) {
  const Story story = tell(fault, service);
  HttpResponse response;
  response.status = story.status;
  response.headers.set("x-ms-request-id", random_uuid());
  if (service == Service::arm) {
    response.headers.set("x-ms-correlation-request-id", random_uuid());
    response.headers.set("x-ms-failure-cause", "gateway");
  }
  const bool throttled = fault.kind == Fault::Kind::throttle;
  if (fault.retry_after || throttled) {
    response.headers.set("Retry-After", std::to_string(fault.retry_after.value_or(1)));
  }
  if (service == Service::blob) {
    response.headers.set("x-ms-error-code", story.code);
    response.headers.set("Content-Type", "application/xml");
    response.body = fmt::format(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}</Message>"
        "</Error>",
        escape_xml(story.code), escape_xml(story.message));
  } else {
    response.headers.set("Content-Type", "application/json; charset=utf-8");
    response.body = json::serialize(body_of(story, service));
  }
  if (request.method == "HEAD") response.body.clear();
  return response;
}

}  // namespace drydock
