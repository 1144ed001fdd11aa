// SPDX-License-Identifier: Apache-2.0
// Enrollments and registration records, for services.
#include <charconv>

#include "base/encoding.hpp"
#include "drydock/dps/service.hpp"

namespace drydock::dps {
namespace {

using ferry::net::HttpRequest;
using ferry::net::HttpResponse;

constexpr std::size_t kGroupLimit = 100;

HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  return response;
}

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

// Clients send the body's ETag, which holds quotes, quoted again or as it is.
Outcome<void> check_etag(const std::string& if_match, const json::object& document) {
  const std::string wanted = unquoted(if_match);
  if (wanted.empty() || wanted == "*" ||
      wanted == unquoted(ferry::string_or(document, "etag", ""))) {
    return {};
  }
  return refuse(412001, "the ETag does not match: it was changed in the meantime");
}

// As services see it: by what a device was recognised is told to the device alone.
json::value state_for_services(json::object& record) {
  json::value state = record["registrationState"];
  if (auto* members = state.if_object()) {
    for (const char* own : {"symmetricKey", "x509", "tpm"}) members->erase(own);
  }
  return state;
}

std::string etag_of(const HttpRequest& request) {
  return request.headers.get_or("If-Match", "");
}

// Pages of `items`, which are in a lasting order; the continuation is a position.
Outcome<HttpResponse> page_of(const HttpRequest& request, json::array items,
                              std::string_view item_type) {
  if (!request.body.empty()) {
    const auto body = ferry::parse_json_object(request.body);
    if (!body) return refuse(400004, "the body is not a JSON object");
    const std::string query = ferry::to_lower(ferry::string_or(*body, "query", "*"));
    const bool all =
        query == "*" || ferry::trim(query) == "select *" ||
        (query.starts_with("select * from ") && query.find(" where ") == std::string::npos);
    if (!all) {
      return refuse(400004, "Drydock understands '*', 'select *' and 'select * from ...' only");
    }
  }
  const auto number = [&](std::string_view header, std::size_t fallback) {
    const std::string text = request.headers.get_or(header, "");
    std::size_t value = fallback;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const std::size_t count = std::clamp<std::size_t>(number("x-ms-max-item-count", 1000), 1, 1000);
  const std::size_t first = std::min(number("x-ms-continuation", 0), items.size());
  const std::size_t last = std::min(first + count, items.size());
  auto response =
      json_response(200, json::array(items.begin() + static_cast<std::ptrdiff_t>(first),
                                     items.begin() + static_cast<std::ptrdiff_t>(last)));
  response.headers.set("x-ms-item-type", std::string(item_type));
  if (last < items.size()) response.headers.set("x-ms-continuation", std::to_string(last));
  return response;
}

}  // namespace

Outcome<json::object> ProvisioningService::write_enrollment(const Call& call, const std::string& id,
                                                            const json::object& body, Write write,
                                                            const std::string& etag) {
  const Enrollment* current = store_.find(call.service(), call.kind, id);
  if (write == Write::update && !current) return refuse(404201, "there is no enrollment {}", id);
  if (write == Write::create && current) {
    return refuse(409201, "the enrollment {} exists already", id);
  }
  if (current) {
    if (auto good = check_etag(etag, current->document); !good) {
      return refuse(std::move(good).error());
    }
  } else if (call.kind == EnrollmentKind::group &&
             store_.enrollments(call.service(), call.kind).size() >= kGroupLimit) {
    return refuse(403201, "the service has {} enrollment groups, which is the limit", kGroupLimit);
  }
  auto enrollment = parse_enrollment(call.kind, id, body, current, clock_.now());
  if (!enrollment) return refuse(std::move(enrollment).error());
  json::object document = public_document(*enrollment);
  if (!store_.save(call.service(), *std::move(enrollment))) {
    return refuse(500001, "the enrollment cannot be stored");
  }
  return document;
}

Outcome<void> ProvisioningService::erase_enrollment(const Call& call, const std::string& id,
                                                    const std::string& etag) {
  const Enrollment* enrollment = store_.find(call.service(), call.kind, id);
  if (!enrollment) return refuse(404201, "there is no enrollment {}", id);
  if (auto good = check_etag(etag, enrollment->document); !good) return good;
  if (!store_.erase(call.service(), call.kind, id)) {
    return refuse(500001, "the enrollment cannot be deleted");
  }
  return {};
}

ProvisioningService::Answer ProvisioningService::put_enrollment(const Call& call) {
  const auto body = ferry::parse_json_object(call.request.body);
  if (!body) return refuse(400004, "the body is not a JSON object: {}", body.error().message);
  const bool update = call.request.headers.contains("If-Match");
  auto written = write_enrollment(call, call.parameters.at("id"), *body,
                                  update ? Write::update : Write::create, etag_of(call.request));
  if (!written) return refuse(std::move(written).error());
  return json_response(200, *written);
}

ProvisioningService::Answer ProvisioningService::get_enrollment(const Call& call) {
  const std::string& id = call.parameters.at("id");
  const Enrollment* enrollment = store_.find(call.service(), call.kind, id);
  if (!enrollment) return refuse(404201, "there is no enrollment {}", id);
  json::object document = public_document(*enrollment);
  if (call.kind == EnrollmentKind::individual) {
    auto record = store_.registration(call.service(), id);
    if (record && *record) document["registrationState"] = state_for_services(**record);
  }
  return json_response(200, document);
}

ProvisioningService::Answer ProvisioningService::delete_enrollment(const Call& call) {
  auto erased = erase_enrollment(call, call.parameters.at("id"), etag_of(call.request));
  if (!erased) return refuse(std::move(erased).error());
  return no_content();
}

ProvisioningService::Answer ProvisioningService::query_enrollments(const Call& call) {
  json::array items;
  for (const auto& [id, enrollment] : store_.enrollments(call.service(), call.kind)) {
    items.push_back(public_document(enrollment));
  }
  return page_of(call.request, std::move(items),
                 call.kind == EnrollmentKind::group ? "enrollmentGroup" : "enrollment");
}

ProvisioningService::Answer ProvisioningService::attestation_mechanism(const Call& call) {
  const std::string& id = call.parameters.at("id");
  const Enrollment* enrollment = store_.find(call.service(), call.kind, id);
  if (!enrollment) return refuse(404201, "there is no enrollment {}", id);
  json::object attestation = public_document(*enrollment).at("attestation").as_object();
  // The one call that shows keys.
  if (enrollment->keys) {
    attestation["symmetricKey"] = {{"primaryKey", enrollment->keys->primary.reveal()},
                                   {"secondaryKey", enrollment->keys->secondary.reveal()}};
  }
  return json_response(200, attestation);
}

ProvisioningService::Answer ProvisioningService::query_registrations(const Call& call) {
  const std::string& group = call.parameters.at("id");
  if (!store_.find(call.service(), EnrollmentKind::group, group)) {
    return refuse(404201, "there is no enrollment group {}", group);
  }
  auto records = store_.registrations_of_group(call.service(), group);
  if (!records) return refuse(500001, "the registration records cannot be read");
  json::array items;
  for (json::object& record : *records) items.push_back(state_for_services(record));
  return page_of(call.request, std::move(items), "deviceRegistration");
}

ProvisioningService::Answer ProvisioningService::get_registration(const Call& call) {
  const std::string& id = call.parameters.at("id");
  auto record = store_.registration(call.service(), id);
  if (!record) return refuse(500001, "the registration record cannot be read");
  if (!*record) return refuse(404201, "there is no registration of {}", id);
  return json_response(200, state_for_services(**record));
}

ProvisioningService::Answer ProvisioningService::delete_registration(const Call& call) {
  const std::string& id = call.parameters.at("id");
  auto record = store_.registration(call.service(), id);
  if (!record) return refuse(500001, "the registration record cannot be read");
  if (!*record) return refuse(404201, "there is no registration of {}", id);
  if (const auto* state = ferry::find_object(**record, "registrationState")) {
    if (auto good = check_etag(etag_of(call.request), *state); !good)
      return refuse(std::move(good).error());
  }
  if (!store_.erase_registration(call.service(), id)) {
    return refuse(500001, "the registration record cannot be deleted");
  }
  return no_content();
}

}  // namespace drydock::dps
