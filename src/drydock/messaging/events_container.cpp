// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/events_container.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "drydock/event_hubs/endpoint.hpp"
#include "drydock/messaging/event_nodes.hpp"

namespace drydock::messaging {

using ferry::equals_ignore_case;
using ferry::Result;

namespace {

constexpr std::string_view kReceiveAction = "Microsoft.EventHub/namespaces/messages/receive/action";
constexpr std::string_view kOutOfRange = "com.microsoft:argument-out-of-range";
constexpr std::string_view kMetric = "com.microsoft:enable-receiver-runtime-metric";
constexpr std::string_view kEpoch = "com.microsoft:epoch";

std::string text_of(const amqp::Value* value) {
  return value == nullptr ? std::string() : std::string(value->text().value_or(""));
}

bool knows_group(const EventEntity& entity, std::string_view group) {
  return equals_ignore_case(group, "$Default") ||
         std::ranges::any_of(entity.consumer_groups, [&](const std::string& known) {
           return equals_ignore_case(known, group);
         });
}

// The sequence number behind which a reader with this filter begins.
Result<std::int64_t> resolve(event_hubs::EventStore& store, const event_hubs::HubName& log,
                             int partition, const StartPosition& start) {
  if (start.latest) {
    auto state = store.state(log, partition);
    if (!state) return ferry::fail(std::move(state).error());
    return state->last_sequence;
  }
  const std::int64_t before = start.inclusive ? start.value - 1 : start.value;
  switch (start.field) {
    case StartPosition::Field::sequence_number:
      return before;
    case StartPosition::Field::offset:
      return store.position_after_offset(log, partition, before);
    case StartPosition::Field::enqueued_time:
      return store.position_before_time(log, partition,
                                        ferry::Timestamp(std::chrono::milliseconds(before + 1)));
  }
  return before;
}

tl::unexpected<amqp::Refusal> not_found(std::string_view address) {
  // The SDKs look for these words.
  return amqp::refuse(std::string(amqp::kNotFound), "The messaging entity '{}' could not be found.",
                      address);
}

amqp::Reply failed(std::int32_t status, std::string_view condition, std::string description) {
  return {status, std::move(description), std::string(condition), ""};
}

}  // namespace

ClaimResult EventsContainer::check_password(std::string_view user, const ferry::Secret& password) {
  return check_key(space_->policies(), user, password);
}

ClaimResult EventsContainer::check_token(std::string_view type, std::string_view,
                                         const ferry::Secret& token) {
  if (type == "jwt") return check_entra_token(services_.verifier, token.reveal());
  return check_signature(space_->policies(), token.reveal(), services_.clock.now());
}

amqp::Outcome<EventsContainer::Place> EventsContainer::find_place(
    const amqp::AttachRequest& request) const {
  const auto address = parse_entity(request.address);
  const auto entity = address ? space_->find(address->hub) : std::nullopt;
  if (!entity) return not_found(request.address);
  if (address->partition >= entity->partitions) {
    return amqp::refuse(std::string(kOutOfRange),
                        "The specified partition is invalid. It should be between 0 and {}.",
                        entity->partitions - 1);
  }
  const bool consumes = address->kind == EntityAddress::Kind::consumer;
  if (consumes && !knows_group(*entity, address->group)) return not_found(request.address);
  if (consumes == request.peer_sends || (request.peer_sends && !entity->takes_events)) {
    return amqp::refuse(std::string(amqp::kNotAllowed), "'{}' is not for that.", request.address);
  }
  return Place{*address, *entity};
}

amqp::Outcome<void> EventsContainer::allow(const EventEntity& entity, std::string_view path,
                                           unsigned wanted, const amqp::Claims& claims) const {
  const ferry::Timestamp now = services_.clock.now();
  const std::string lower_path = ferry::to_lower(path);
  const std::string scope = fmt::format("{}/eventhubs/{}", entity.id, entity.name);
  const auto grants = [&](const EventHubsClaim& claim, std::string_view action) {
    return services_.directory.grants_data_action(claim.principal, scope, action);
  };
  for (const auto& [audience, known] : claims) {
    const auto* claim = dynamic_cast<const EventHubsClaim*>(known.get());
    if (claim == nullptr || !claim->is_valid(now)) continue;
    if (!claim->principal.empty()) {
      if (entity.id.empty()) continue;
      if ((wanted & kSend) != 0 && grants(*claim, event_hubs::kSendAction)) return {};
      if ((wanted & kListen) != 0 && grants(*claim, kReceiveAction)) return {};
    } else if (claim->covers(lower_path) && (claim->rights & wanted) != 0) {
      return {};
    }
  }
  return amqp::refuse(std::string(amqp::kUnauthorized),
                      "Unauthorized access. '{}' claim(s) are required to perform this operation. "
                      "Resource: '{}'.",
                      wanted == kSend ? "Send" : "Listen", path);
}

amqp::Outcome<void> EventsContainer::authorize(const amqp::AttachRequest& request,
                                               const amqp::Claims& claims) {
  const auto address = parse_entity(request.address);
  if (address && address->kind == EntityAddress::Kind::management) return {};  // requests are asked
  const auto place = find_place(request);
  if (!place) return tl::unexpected(place.error());
  return allow(place->entity, request.address, request.peer_sends ? kSend : kListen, claims);
}

amqp::Outcome<std::unique_ptr<amqp::Node>> EventsContainer::attach(
    const amqp::AttachRequest& request, const amqp::Claims& claims) {
  const auto address = parse_entity(request.address);
  if (address && address->kind == EntityAddress::Kind::management) {
    if (!management_) {
      management_ = std::make_shared<amqp::RequestReply>(
          [this, &claims](const amqp::Message& message) { return manage(message, claims); });
    }
    return management_->make_node(request.peer_sends);
  }
  auto allowed = authorize(request, claims);
  if (!allowed) return tl::unexpected(std::move(allowed).error());
  const auto place = find_place(request);
  if (!place) return tl::unexpected(place.error());
  if (place->address.kind == EntityAddress::Kind::consumer) return make_consumer(*place, request);
  std::optional<int> partition;
  if (place->address.kind == EntityAddress::Kind::partition) partition = place->address.partition;
  return make_producer_node(services_, place->entity, partition);
}

amqp::Outcome<std::unique_ptr<amqp::Node>> EventsContainer::make_consumer(
    const Place& place, const amqp::AttachRequest& request) {
  StartPosition start;
  if (request.selector) {
    const auto parsed = parse_selector(*request.selector);
    if (!parsed) return amqp::refuse(std::string(amqp::kArgument), "{}", parsed.error().message);
    start = *parsed;
  }
  ConsumerOptions options;
  options.log = place.entity.log;
  options.partition = place.address.partition;
  options.seat = Readers::seat_of(options.log, place.address.group, options.partition);
  const auto epoch = request.numbers.find(std::string(kEpoch));
  if (epoch != request.numbers.end()) options.epoch = epoch->second;
  options.with_metric = std::ranges::find(request.desired_capabilities, kMetric) !=
                        request.desired_capabilities.end();
  const auto after = resolve(*services_.store, options.log, options.partition, start);
  if (!after) {
    ferry::log::error("event_hubs", "find a position: {}", after.error().describe());
    return amqp::refuse(std::string(amqp::kInternal), "the events cannot be read");
  }
  options.after = *after;
  return make_consumer_node(services_, std::move(options));
}

amqp::Reply EventsContainer::manage(const amqp::Message& request,
                                    const amqp::Claims& claims) const {
  const std::string operation = text_of(request.application_property("operation"));
  const std::string type = text_of(request.application_property("type"));
  const std::string name = text_of(request.application_property("name"));
  if (operation != "READ") return failed(400, amqp::kNotAllowed, "the operation is READ");
  const auto entity = space_->find(name);
  if (!entity) {
    return failed(404, amqp::kNotFound,
                  fmt::format("The messaging entity '{}' could not be found.", name));
  }
  // Tokens for it are signed for the event hub, or for its $management.
  const auto allowed = allow(*entity, name + "/$management", kListen | kSend | kManage, claims);
  if (!allowed) return failed(401, allowed.error().condition, allowed.error().description);
  if (type == "com.microsoft:partition") return describe_partition(*entity, request);
  if (type != "com.microsoft:eventhub") {
    return failed(400, amqp::kArgument, fmt::format("there is no type '{}'", type));
  }
  std::vector<std::string> ids;
  for (int i = 0; i < entity->partitions; ++i) ids.push_back(std::to_string(i));
  amqp::Encoder out;
  const auto map = out.begin_map();
  out.string("name");
  out.string(entity->name);
  out.string("type");
  out.string(type);
  out.string("created_at");
  out.timestamp(entity->created);
  out.string("partition_count");
  out.integer(entity->partitions);
  out.string("partition_ids");
  out.string_array(ids);
  out.string("georeplication_factor");
  out.integer(1);
  out.end(map, 12);
  return {200, "OK", "", out.take()};
}

amqp::Reply EventsContainer::describe_partition(const EventEntity& entity,
                                                const amqp::Message& request) const {
  const std::string id = text_of(request.application_property("partition"));
  const auto address = parse_entity(fmt::format("{}/Partitions/{}", entity.name, id));
  if (!address || address->partition < 0 || address->partition >= entity.partitions) {
    return failed(404, kOutOfRange, fmt::format("there is no partition '{}'", id));
  }
  const auto state = services_.store->state(entity.log, address->partition);
  if (!state) return failed(500, amqp::kInternal, "the events cannot be read");
  const bool empty = state->first_sequence > state->last_sequence;
  amqp::Encoder out;
  const auto map = out.begin_map();
  out.string("name");
  out.string(entity.name);
  out.string("type");
  out.string("com.microsoft:partition");
  out.string("partition");
  out.string(id);
  out.string("begin_sequence_number");
  out.long_integer(state->first_sequence);
  out.string("last_enqueued_sequence_number");
  out.long_integer(state->last_sequence);
  out.string("last_enqueued_offset");
  out.string(std::to_string(state->last_offset));
  out.string("last_enqueued_time_utc");
  out.timestamp(state->last_enqueued.value_or(ferry::Timestamp()));
  out.string("is_partition_empty");
  out.boolean(empty);
  out.end(map, 16);
  return {200, "OK", "", out.take()};
}

}  // namespace drydock::messaging
