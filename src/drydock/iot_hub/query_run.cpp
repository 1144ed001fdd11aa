// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/query_run.hpp"

#include "base/encoding.hpp"
#include "drydock/iot_hub/query_aggregation.hpp"

namespace drydock::iot_hub {
namespace {

using query::Select;

// Calls `visit(device, entity)` for each match behind `after`, in order, until it returns false.
template <class Visit>
void for_each_match(const Hub& hub, const Select& select, const EntityKey& after, Visit visit) {
  const auto wanted = [&](const Device& device, const Entity& entity) {
    return !select.where || query::matches(*select.where, TwinSource(device, entity));
  };
  const bool modules = select.from == Select::From::modules;
  const auto visit_device = [&](const std::string& id, const Device& device) {
    if (!modules)
      return id == after.device || !wanted(device, device.self) || visit(device, device.self);
    auto module =
        id == after.device ? device.modules.upper_bound(after.module) : device.modules.begin();
    for (; module != device.modules.end(); ++module) {
      if (wanted(device, module->second) && !visit(device, module->second)) return false;
    }
    return true;
  };
  const auto only = select.where ? query::only_device(*select.where) : std::nullopt;
  if (only) {
    const Device* device = hub.find_device(*only);
    if (device && *only >= after.device) visit_device(*only, *device);
    return;
  }
  for (auto device = hub.devices().lower_bound(after.device); device != hub.devices().end();
       ++device) {
    if (!visit_device(device->first, device->second)) return;
  }
}

json::object project(const Select& select, const Device& device, const Entity& entity) {
  const TwinSource source(device, entity);
  json::object row;
  for (const query::Column& column : select.columns) {
    const query::Found found = source.find(column.path);
    if (found.get()) row[column.name] = *found.get();
  }
  return row;
}

std::string make_continuation(const EntityKey& last, std::int64_t seen) {
  return ferry::base64url_encode(json::serialize(json::array{last.device, last.module, seen}));
}

Outcome<std::pair<EntityKey, std::int64_t>> read_continuation(std::string_view text) {
  std::pair<EntityKey, std::int64_t> position{{}, 0};
  if (text.empty()) return position;
  const auto bytes = ferry::base64url_decode(text);
  const auto parsed = bytes ? ferry::parse_json(*bytes) : ferry::Result<json::value>(nullptr);
  const json::array* parts = parsed ? parsed->if_array() : nullptr;
  if (!parts || parts->size() != 3 || !(*parts)[0].is_string() || !(*parts)[1].is_string() ||
      !(*parts)[2].is_int64()) {
    return refuse(400004, "x-ms-continuation is not one that this hub gave");
  }
  position.first = {std::string((*parts)[0].get_string()), std::string((*parts)[1].get_string())};
  position.second = (*parts)[2].get_int64();
  return position;
}

// What paths mean in a job's record of a device; it has no case of its own.
class JobSource final : public query::Source {
 public:
  explicit JobSource(const json::object& record) : record_(record) {}
  query::Found find(const query::Path& path) const override {
    const json::value* value = nullptr;
    const json::object* object = &record_;
    for (const std::string& word : path) {
      value = nullptr;
      if (object == nullptr) return {};
      for (const auto& member : *object) {
        if (ferry::equals_ignore_case(member.key(), word)) value = &member.value();
      }
      if (value == nullptr) return {};
      object = value->if_object();
    }
    return {value, std::nullopt};
  }

 private:
  const json::object& record_;
};

json::array matching_jobs(const Select& select, const json::array& jobs) {
  json::array matching;
  for (const json::value& job : jobs) {
    if (!select.where || query::matches(*select.where, JobSource(job.get_object()))) {
      matching.push_back(job);
    }
  }
  return matching;
}

// The rows from `start` on.
QueryPage page_of(const json::array& rows, std::int64_t start, std::size_t page_size,
                  std::optional<std::int64_t> top) {
  QueryPage page;
  page.type = "Raw";
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t end = std::min(count, top.value_or(count));
  std::int64_t at = std::max<std::int64_t>(start, 0);
  for (; at < end && page.items.size() < page_size; ++at) {
    page.items.push_back(rows[static_cast<std::size_t>(at)]);
  }
  if (at < end) page.continuation = make_continuation({}, at);
  return page;
}

}  // namespace

std::int64_t count_matches(const Hub& hub, const Select& select) {
  std::int64_t count = 0;
  for_each_match(hub, select, {}, [&](const Device&, const Entity&) {
    ++count;
    return !select.top || count < *select.top;
  });
  return count;
}

Outcome<QueryPage> run_query(const Hub& hub, const Select& select, std::size_t page_size,
                             std::string_view continuation, const json::array& jobs) {
  auto position = read_continuation(continuation);
  if (!position) return refuse(std::move(position).error());
  if (select.from == Select::From::jobs) {
    QueryPage page = page_of(matching_jobs(select, jobs), position->second, page_size, select.top);
    page.type = "JobResponse";
    return page;
  }
  if (select.aggregates()) {
    query::Aggregation aggregation(select);
    for_each_match(hub, select, {}, [&](const Device& device, const Entity& entity) {
      aggregation.add(TwinSource(device, entity));
      return true;
    });
    return page_of(aggregation.rows(), position->second, page_size, select.top);
  }
  const bool twins = select.columns.empty();
  QueryPage page;
  page.type = twins ? "Twin" : "Raw";
  std::int64_t seen = position->second;
  EntityKey last = position->first;
  for_each_match(hub, select, position->first, [&](const Device& device, const Entity& entity) {
    if (select.top && seen >= *select.top) return false;
    if (page.items.size() >= page_size) {
      page.continuation = make_continuation(last, seen);
      return false;
    }
    page.items.push_back(twins ? twin_json(hub, device, entity) : project(select, device, entity));
    last = entity.identity.key;
    ++seen;
    return true;
  });
  return page;
}

}  // namespace drydock::iot_hub
