// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "drydock/iot_hub/rest.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::net::HttpResponse;

Outcome<HttpResponse> respond(Outcome<json::object> job) {
  if (!job) return refuse(std::move(job).error());
  return json_response(200, *job);
}

}  // namespace

Outcome<HttpResponse> schedule_job(Call& call) {
  auto body = call.body();
  if (!body) return refuse(std::move(body).error());
  const std::string& id = call.parameters.at("job");
  if (auto valid = validate_id(id, "job id"); !valid) return refuse(std::move(valid).error());
  return respond(call.services.jobs.schedule(call.hub.name(), id, *body));
}

Outcome<HttpResponse> get_job(Call& call) {
  return respond(call.services.jobs.get(call.hub.name(), call.parameters.at("job")));
}

Outcome<HttpResponse> cancel_job(Call& call) {
  return respond(call.services.jobs.cancel(call.hub.name(), call.parameters.at("job")));
}

Outcome<HttpResponse> query_jobs(Call& call) {
  const auto page_size = call.page_size();
  if (!page_size) return refuse(page_size.error());
  const json::array jobs =
      call.services.jobs.list(call.hub.name(), call.request.query_value("jobType").value_or(""),
                              call.request.query_value("jobStatus").value_or(""));
  std::size_t at = 0;
  const std::string from = call.request.headers.get_or("x-ms-continuation", "0");
  const auto parsed = std::from_chars(from.data(), from.data() + from.size(), at);
  if (parsed.ec != std::errc()) {
    return refuse(400004, "x-ms-continuation is not one that this hub gave");
  }
  json::array page;
  for (; at < jobs.size() && page.size() < *page_size; ++at) page.push_back(jobs[at]);
  auto response = json_response(200, page);
  response.headers.set("x-ms-item-type", "JobResponse");
  if (at < jobs.size()) response.headers.set("x-ms-continuation", std::to_string(at));
  return response;
}

}  // namespace drydock::iot_hub
