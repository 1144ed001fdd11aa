// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/query_run.hpp"
#include "drydock/iot_hub/rest.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::net::HttpResponse;

HttpResponse twin_response(const Hub& hub, const Entity& entity) {
  const Device* device = hub.find_device(entity.identity.key.device);
  FERRY_CHECK(device != nullptr);
  auto response = json_response(200, twin_json(hub, *device, entity));
  response.headers.set("ETag", fmt::format("\"{}\"", twin_etag(entity.twin.etag)));
  return response;
}

Outcome<HttpResponse> change(Call& call, bool replace) {
  auto body = call.body();
  if (!body) return refuse(std::move(body).error());
  const Hub::TwinChange change = read_twin_change(*body, replace);
  auto changed = call.hub.change_twin(call.key(), change, call.if_match());
  if (!changed) return refuse(std::move(changed).error());
  return twin_response(call.hub, **changed);
}

}  // namespace

Outcome<HttpResponse> get_twin(Call& call) {
  auto entity = call.hub.require(call.key());
  if (!entity) return refuse(std::move(entity).error());
  return twin_response(call.hub, **entity);
}

Outcome<HttpResponse> patch_twin(Call& call) {
  return change(call, false);
}
Outcome<HttpResponse> replace_twin(Call& call) {
  return change(call, true);
}

ferry::net::Task<Outcome<HttpResponse>> invoke_method(Call& call) {
  auto body = call.body();
  if (!body) co_return refuse(std::move(body).error());
  auto answer = co_await call.services.methods.invoke(call.hub.shared_from_this(), call.key(),
                                                      *std::move(body));
  co_return answer;
}

Outcome<HttpResponse> query_devices(Call& call) {
  auto body = call.body();
  if (!body) return refuse(std::move(body).error());
  const auto select = query::parse_select(ferry::string_or(*body, "query", ""));
  if (!select) {
    const bool known = select.error().code == ferry::Code::unsupported;
    return refuse(known ? 501000 : 400004, "query: {}", select.error().message);
  }
  const auto page_size = call.page_size();
  if (!page_size) return refuse(page_size.error());
  const bool of_jobs = select->from == query::Select::From::jobs;
  const json::array jobs = of_jobs ? call.services.jobs.records(call.hub.name()) : json::array();
  auto page = run_query(call.hub, *select, *page_size,
                        call.request.headers.get_or("x-ms-continuation", ""), jobs);
  if (!page) return refuse(std::move(page).error());
  auto response = json_response(200, page->items);
  response.headers.set("x-ms-item-type", std::string(page->type));
  // An empty header would make Microsoft's clients ask for ever.
  if (!page->continuation.empty()) {
    response.headers.set("x-ms-continuation", page->continuation);
  }
  return response;
}

}  // namespace drydock::iot_hub
