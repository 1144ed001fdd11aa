// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/event_codec.hpp"

#include "drydock/amqp/message.hpp"

namespace drydock::messaging {

using event_hubs::Event;
using ferry::Result;
namespace json = ferry::json;

namespace {

constexpr std::string_view kPartitionKey = "x-opt-partition-key";
// What the service sets itself, whatever the sender says.
constexpr std::string_view kReserved[] = {"x-opt-sequence-number", "x-opt-offset",
                                          "x-opt-enqueued-time", kPartitionKey};

bool is_reserved(std::string_view key) {
  return std::find(std::begin(kReserved), std::end(kReserved), key) != std::end(kReserved);
}

std::string key_of(const amqp::Message& message) {
  const amqp::Value* value = message.annotation(kPartitionKey);
  return value == nullptr ? std::string() : std::string(value->text().value_or(""));
}

// The sender's own annotations, and the message without header and footer.
std::string keep(const amqp::Message& message) {
  amqp::Encoder out;
  std::uint32_t count = 0;
  for (const amqp::Entry& entry : message.annotations) count += is_reserved(entry.key) ? 0 : 2;
  if (count > 0) {
    const auto map = amqp::begin_map_section(out, amqp::kMessageAnnotations);
    for (const amqp::Entry& entry : message.annotations) {
      if (is_reserved(entry.key)) continue;
      out.symbol(entry.key);
      out.raw(entry.value.encoded());
    }
    out.end(map, count);
  }
  out.raw(message.bare);
  return out.take();
}

Event event_of(const amqp::Message& message) {
  Event event;
  event.partition_key = key_of(message);
  event.encoded = keep(message);
  return event;
}

void put_json(amqp::Encoder& out, const json::value& value) {
  if (value.is_bool()) {
    out.boolean(value.get_bool());
  } else if (value.is_int64()) {
    out.long_integer(value.get_int64());
  } else if (value.is_double()) {
    out.floating(value.get_double());
  } else if (value.is_string()) {
    out.string(std::string_view(value.get_string()));
  } else {
    out.string(json::serialize(value));
  }
}

// What the hub keeps as JSON: "iothub-..." are annotations, the rest message properties.
void put_hub_annotations(amqp::Encoder& out, const json::object& system, std::uint32_t& count) {
  for (const auto& member : system) {
    const std::string_view key = member.key();
    if (!key.starts_with("iothub-") && !key.starts_with("dt-")) continue;
    out.symbol(key);
    const std::string text = ferry::string_or(system, key, "");
    const auto time = ferry::parse_rfc3339(text);
    if (key == "iothub-enqueuedtime" && time) {
      out.timestamp(*time);
    } else {
      put_json(out, member.value());
    }
    count += 2;
  }
}

void put_hub_message(amqp::Encoder& out, const Event& event) {
  const auto text = [&](std::string_view name) { return ferry::string_or(event.system, name, ""); };
  const std::string message_id = text("message-id");
  const std::string user_id = text("user-id");
  const std::string correlation_id = text("correlation-id");
  const std::string content_type = text("content-type");
  const std::string content_encoding = text("content-encoding");
  amqp::Properties properties;
  properties.message_id = message_id;
  properties.user_id = user_id;
  properties.correlation_id = correlation_id;
  properties.content_type = content_type;
  properties.content_encoding = content_encoding;
  if (!properties.empty()) amqp::put_properties(out, properties);
  if (!event.properties.empty()) {
    const auto map = amqp::begin_map_section(out, amqp::kApplicationProperties);
    for (const auto& member : event.properties) {
      out.string(member.key());
      put_json(out, member.value());
    }
    out.end(map, static_cast<std::uint32_t>(2 * event.properties.size()));
  }
  amqp::put_data(out, event.body);
}

void put_metric(amqp::Encoder& out, const event_hubs::PartitionState& state, ferry::Timestamp now) {
  const auto map = amqp::begin_map_section(out, amqp::kDeliveryAnnotations);
  out.symbol("last_enqueued_sequence_number");
  out.long_integer(state.last_sequence);
  out.symbol("last_enqueued_offset");
  out.string(std::to_string(state.last_offset));
  out.symbol("last_enqueued_time_utc");
  out.timestamp(state.last_enqueued.value_or(ferry::Timestamp()));
  out.symbol("runtime_info_retrieval_time_utc");
  out.timestamp(now);
  out.end(map, 8);
}

}  // namespace

Result<std::vector<Event>> decode_events(std::uint32_t message_format, std::string_view bytes) {
  auto message = amqp::parse_message(bytes);
  if (!message) return ferry::fail(std::move(message).error());
  std::vector<Event> events;
  if (message_format != kBatchFormat) {
    events.push_back(event_of(*message));
    return events;
  }
  const std::string key = key_of(*message);
  for (const std::string_view data : message->data) {
    auto inner = amqp::parse_message(data);
    if (!inner) return ferry::fail(std::move(inner).error().with("read event {}", events.size()));
    events.push_back(event_of(*inner));
    if (events.back().partition_key.empty()) events.back().partition_key = key;
  }
  return events;
}

std::string encode_event(const event_hubs::StoredEvent& stored,
                         const event_hubs::PartitionState* state, ferry::Timestamp now) {
  const Event& event = stored.event;
  amqp::Encoder out;
  if (state != nullptr) put_metric(out, *state, now);
  const auto map = amqp::begin_map_section(out, amqp::kMessageAnnotations);
  out.symbol("x-opt-sequence-number");
  out.long_integer(stored.sequence);
  out.symbol("x-opt-offset");
  out.string(std::to_string(stored.offset));
  out.symbol("x-opt-enqueued-time");
  out.timestamp(event.enqueued);
  std::uint32_t count = 6;
  if (!event.partition_key.empty() && !event.encoded.empty()) {
    out.symbol(kPartitionKey);
    out.string(event.partition_key);
    count += 2;
  }
  const auto kept = amqp::parse_message(event.encoded);
  if (event.encoded.empty()) {
    put_hub_annotations(out, event.system, count);
  } else if (kept) {
    for (const amqp::Entry& entry : kept->annotations) {
      out.symbol(entry.key);
      out.raw(entry.value.encoded());
      count += 2;
    }
  }
  out.end(map, count);
  if (event.encoded.empty()) {
    put_hub_message(out, event);
  } else if (kept) {
    out.raw(kept->bare);
  }
  return out.take();
}

}  // namespace drydock::messaging
