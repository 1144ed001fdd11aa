// SPDX-License-Identifier: Apache-2.0
#include "drydock/event_hubs/service.hpp"

#include "base/log.hpp"

namespace drydock::event_hubs {

using namespace ferry;

Result<std::unique_ptr<EventHubsService>> EventHubsService::open(
    net::Executor executor, const std::filesystem::path& data) {
  auto store = EventStore::open(data / "event_hubs.db", executor);
  if (!store) return fail(std::move(store).error());
  return std::unique_ptr<EventHubsService>(new EventHubsService(*std::move(store)));
}

void EventHubsService::on_deleted(ResourceKind kind, std::string_view name) {
  Result<void> erased;
  if (kind == ResourceKind::event_hub_namespace) {
    erased = store_->erase_space(name);
  } else if (kind == ResourceKind::event_hub) {
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return;
    erased =
        store_->erase({std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))});
  }
  if (!erased) log::error("event_hubs", "erase {}: {}", name, erased.error().describe());
}

}  // namespace drydock::event_hubs
