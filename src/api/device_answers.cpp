// SPDX-License-Identifier: Apache-2.0
#include "api/device_answers.hpp"

#include "api/errors.hpp"

namespace ferry::api {
namespace {

constexpr std::string_view kLater = "30";  // seconds, for what may be repeated

}  // namespace

net::HttpResponse device_refusal(const Error& error) {
  auto response = error_response(error);
  if (response.status == 429 || response.status == 503) {
    response.headers.set("Retry-After", std::string(kLater));
  }
  return response;
}

net::HttpResponse approval_awaited(const control::AwaitedApproval& approval) {
  auto response = json_response(202, json::object{{"status", "pending_approval"},
                                                  {"request_id", approval.request_id},
                                                  {"retry_after", approval.retry_after.count()}});
  response.headers.set("Retry-After", std::to_string(approval.retry_after.count()));
  return response;
}

}  // namespace ferry::api
