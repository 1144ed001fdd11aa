// SPDX-License-Identifier: Apache-2.0
// Several enrollments in one request, each for itself.
#include "base/encoding.hpp"
#include "drydock/dps/service.hpp"

namespace drydock::dps {
namespace {

constexpr std::size_t kMost = 10;

}  // namespace

ProvisioningService::Answer ProvisioningService::change_many(const Call& call) {
  const auto body = ferry::parse_json_object(call.request.body);
  if (!body) return refuse(400004, "the body is not a JSON object: {}", body.error().message);
  const std::string mode = ferry::to_lower(ferry::string_or(*body, "mode", ""));
  const auto* list = ferry::find_array(
      *body, call.kind == EnrollmentKind::group ? "enrollmentGroups" : "enrollments");
  if (!list || list->empty()) return refuse(400004, "the body names no enrollments");
  if (list->size() > kMost) return refuse(400004, "at most {} enrollments at once", kMost);
  const bool known =
      mode == "create" || mode == "update" || mode == "updateifmatchetag" || mode == "delete";
  if (!known) {
    return refuse(400004, "mode is create, update, updateIfMatchETag or delete, not '{}'", mode);
  }
  json::array errors;
  for (const json::value& item : *list) {
    const json::object enrollment = item.is_object() ? item.get_object() : json::object();
    const std::string id = ferry::string_or(enrollment, id_member(call.kind), "");
    const std::string etag = ferry::string_or(enrollment, "etag", "");
    Outcome<void> done;
    if (mode == "delete") {
      done = erase_enrollment(call, id, etag);
    } else {
      const auto write = mode == "create"   ? Write::create
                         : mode == "update" ? Write::either
                                            : Write::update;
      auto written = write_enrollment(call, id, enrollment, write,
                                      write == Write::update ? etag : std::string());
      if (!written) done = refuse(std::move(written).error());
    }
    if (done) continue;
    errors.push_back(json::object{{id_member(call.kind), id},
                                  {"errorCode", done.error().number},
                                  {"errorStatus", done.error().message}});
  }
  const bool successful = errors.empty();
  return json_response(200, json::object{{"isSuccessful", successful}, {"errors", errors}});
}

}  // namespace drydock::dps
