// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/connection.hpp"

#include <array>
#include <cstring>

#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "drydock/amqp/engine.hpp"
#include "drydock/amqp/token_desk.hpp"

namespace drydock::amqp {
namespace {

using ferry::net::Task;

constexpr std::uint32_t kMaxFrame = 64 * 1024;
constexpr std::uint16_t kMaxChannel = 1023;
constexpr pn_millis_t kIdleTimeout = 240'000;               // what the service announces
constexpr std::size_t kIncomingCapacity = 2 * 1024 * 1024;  // bytes of a session
constexpr std::chrono::seconds kPatience{60};               // until the peer's open frame
constexpr std::chrono::milliseconds kTick{1000};
constexpr std::chrono::milliseconds kClaimsPeriod{2000};
constexpr std::chrono::milliseconds kFarewell{1000};
constexpr std::size_t kMostLinks = 4096;

std::int64_t steady_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

// "amqps://host:5671/hub/x" and "/hub/x" mean "hub/x".
std::string plain_address(std::string address) {
  if (const std::size_t scheme = address.find("://"); scheme != std::string::npos) {
    const std::size_t path = address.find('/', scheme + 3);
    address = path == std::string::npos ? "" : address.substr(path);
  }
  while (address.starts_with('/')) address.erase(0, 1);
  return address;
}

std::optional<std::string> selector_of(pn_terminus_t* source) {
  constexpr std::string_view kFilter = "apache.org:selector-filter:string";
  const std::string bytes = encoded(pn_terminus_filter(source));
  Reader reader(bytes);
  const auto map = reader.next();
  if (!map || !map->is_map()) return std::nullopt;
  Reader items(map->items());
  while (!items.at_end()) {
    const auto key = items.next();
    const auto value = key ? items.next() : key;
    if (!value) return std::nullopt;
    if (key->text() != kFilter) continue;
    const auto content = value->is_described() ? value->described() : *value;
    const auto text = content ? content->text() : std::nullopt;
    if (text) return std::string(*text);
  }
  return std::nullopt;
}

void read_link_properties(pn_link_t* link, AttachRequest& request) {
  const std::string bytes = encoded(pn_link_remote_properties(link));
  Reader reader(bytes);
  const auto map = reader.next();
  if (!map || !map->is_map()) return;
  Reader items(map->items());
  while (!items.at_end()) {
    const auto key = items.next();
    const auto value = key ? items.next() : key;
    if (!value) return;
    const auto name = key->text();
    if (!name) continue;
    if (const auto number = value->integer()) request.numbers[std::string(*name)] = *number;
    if (const auto text = value->text()) request.texts[std::string(*name)] = std::string(*text);
  }
}

}  // namespace

Task<void> Connection::serve(std::unique_ptr<ferry::net::Stream> stream, std::string host,
                             const ferry::Clock& clock, FindContainer find) {
  const auto executor = co_await ferry::net::current_executor();
  const auto connection = std::make_shared<Connection>(std::move(stream), std::move(host), clock,
                                                       std::move(find), executor);
  ferry::net::spawn(executor, write_all(connection));
  co_await connection->run();
}

Connection::Connection(std::unique_ptr<ferry::net::Stream> stream, std::string host,
                       const ferry::Clock& clock, FindContainer find, ferry::net::Executor executor)
    : stream_(std::move(stream)),
      host_(std::move(host)),
      clock_(clock),
      find_(std::move(find)),
      changed_(executor),
      said_(executor),
      desk_(std::make_shared<TokenDesk>(*this)),
      claims_checked_(clock.now()) {
  FERRY_CHECK(pn_connection_driver_init(&driver_, nullptr, nullptr) == 0);
  pn_transport_set_server(driver_.transport);
  pn_transport_set_max_frame(driver_.transport, kMaxFrame);
  pn_transport_set_channel_max(driver_.transport, kMaxChannel);
  pn_transport_set_idle_timeout(driver_.transport, kIdleTimeout);
  use_own_sasl(driver_.transport, *this);
}

Connection::~Connection() {
  for (const auto& [handle, link] : links_) link->gone();
  links_.clear();
  pn_connection_driver_destroy(&driver_);
}

Task<void> Connection::run() {
  std::array<char, 32 * 1024> buffer;
  stream_->set_deadline(std::chrono::steady_clock::now() + kPatience);
  bool alive = true;
  while (alive && !closed_) {
    const auto count = co_await stream_->read_some(buffer);
    if (closed_) break;
    if (!count || *count == 0) {
      pn_connection_driver_read_close(&driver_);
      process_events();
      break;
    }
    alive = feed(std::string_view(buffer.data(), *count));
    changed_.notify();
  }
  // What is still to be said (a close frame with the reason) gets a moment.
  ended_ = true;
  changed_.notify();
  if (!written_) co_await said_.wait_for(kFarewell);
  closed_ = true;
  for (const auto& [handle, link] : links_) link->gone();
  links_.clear();
  stream_->close();
  changed_.notify();
}

bool Connection::feed(std::string_view bytes) {
  if (!tap_.feed(bytes)) {
    pn_connection_driver_errorf(&driver_, "amqp:framing-error", "%s", "a frame cannot be read");
    pn_connection_driver_close(&driver_);
    process_events();
    return false;
  }
  while (!bytes.empty()) {
    const pn_rwbytes_t room = pn_connection_driver_read_buffer(&driver_);
    if (room.size == 0) {
      if (pn_connection_driver_read_closed(&driver_)) return false;
      process_events();
      if (pn_connection_driver_read_buffer(&driver_).size == 0) return false;
      continue;
    }
    const std::size_t count = std::min(room.size, bytes.size());
    std::memcpy(room.start, bytes.data(), count);
    pn_connection_driver_read_done(&driver_, count);
    bytes.remove_prefix(count);
    process_events();
  }
  return !pn_connection_driver_finished(&driver_);
}

void Connection::process_events() {
  if (processing_) return;
  processing_ = true;
  while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
  processing_ = false;
}

void Connection::handle(pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_CONNECTION_REMOTE_OPEN:
      opened();
      break;
    case PN_CONNECTION_REMOTE_CLOSE:
      pn_connection_close(driver_.connection);
      break;
    case PN_SESSION_REMOTE_OPEN:
      pn_session_set_incoming_capacity(pn_event_session(event), kIncomingCapacity);
      pn_session_open(pn_event_session(event));
      break;
    case PN_SESSION_REMOTE_CLOSE:
      forget_session(pn_event_session(event));
      break;
    case PN_LINK_REMOTE_OPEN:
      attach(pn_event_link(event));
      break;
    case PN_LINK_REMOTE_CLOSE:
      pn_link_close(pn_event_link(event));
      forget(pn_event_link(event));
      pn_link_free(pn_event_link(event));
      break;
    case PN_LINK_REMOTE_DETACH:
      pn_link_detach(pn_event_link(event));
      forget(pn_event_link(event));
      pn_link_free(pn_event_link(event));
      break;
    case PN_LINK_FLOW:
      flow(pn_event_link(event));
      break;
    case PN_DELIVERY:
      delivered(pn_event_delivery(event));
      break;
    default:
      break;
  }
}

Container* Connection::find_container(std::string_view host) {
  if (container_ && (host.empty() || host == container_host_)) return container_.get();
  auto found = find_(host);
  if (found) {
    container_ = std::move(found);
    container_host_ = host;
  }
  return container_.get();
}

bool Connection::admit(std::string_view mechanism, std::string_view response) {
  if (mechanism != "PLAIN")
    return mechanism == "MSSBCBS" || mechanism == "ANONYMOUS" ||
           mechanism == "EXTERNAL";  // tokens or links will tell
  // RFC 4616: [authzid] NUL authcid NUL passwd
  const std::vector<std::string> parts = ferry::split(response, '\0');
  Container* container = find_container(host_);
  if (parts.size() != 3 || container == nullptr) return false;
  auto claim = container->check_password(parts[1], ferry::Secret(parts[2]));
  if (!claim) {
    ferry::log::info("amqp", "'{}' refused at {}: {}", parts[1], host_, claim.error().describe());
    return false;
  }
  claims_["sasl:plain"] = *std::move(claim);
  return true;
}

void Connection::opened() {
  stream_->set_deadline(std::nullopt);
  std::string host =
      ferry::to_lower(text_or_empty(pn_connection_remote_hostname(driver_.connection)));
  host = host.substr(0, host.find(':'));
  // Claims belong to the container that checked them.
  if (claims_.empty() && !host.empty() && host != host_) find_container(host);
  const bool known = container_ != nullptr || find_container(host_) != nullptr;
  pn_connection_set_container(driver_.connection, "Drydock");
  pn_connection_open(driver_.connection);
  if (known) return;
  put_condition(pn_connection_condition(driver_.connection),
                {std::string(kNotFound),
                 fmt::format("Drydock has no AMQP service at '{}'", host.empty() ? host_ : host)});
  pn_connection_close(driver_.connection);
}

void Connection::refuse_link(pn_link_t* link, const Refusal& refusal) {
  // s.2.6.3: an attach without source and target, and then a detach that says why.
  pn_link_open(link);
  put_condition(pn_link_condition(link), refusal);
  pn_link_close(link);
  ferry::log::info("amqp", "link at {} refused: {} {}", host_, refusal.condition,
                   refusal.description);
}

void Connection::attach(pn_link_t* link) {
  AttachRequest request;
  request.link = text_or_empty(pn_link_name(link));
  request.peer_sends = pn_link_is_receiver(link);
  request.address = plain_address(text_or_empty(pn_terminus_get_address(
      request.peer_sends ? pn_link_remote_target(link) : pn_link_remote_source(link))));
  if (!request.peer_sends) request.selector = selector_of(pn_link_remote_source(link));
  read_link_properties(link, request);
  request.desired_capabilities = tap_.take_desired_capabilities(request.link, request.peer_sends);
  if (container_ == nullptr) return refuse_link(link, {std::string(kNotFound), "nothing is here"});
  if (links_.size() >= kMostLinks) {
    return refuse_link(link, {std::string(kLimit), "there are too many links"});
  }
  Outcome<std::unique_ptr<Node>> node;
  if (request.address == TokenDesk::kAddress) {
    node = desk_->make_node(request.peer_sends);
  } else {
    node = container_->attach(request, claims_);
  }
  if (!node) return refuse_link(link, node.error());

  auto opened = std::make_shared<Link>(*this, link, std::move(request));
  opened->node_ = *std::move(node);
  links_[link] = opened;
  pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
  pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
  pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
  if (opened->request().peer_sends) {
    pn_link_set_max_message_size(link, opened->node_->max_message_size());
  }
  pn_link_open(link);
  if (opened->request().peer_sends) pn_link_flow(link, opened->node_->credit());
  opened->node_->attached(*opened);
}

void Connection::flow(pn_link_t* handle) {
  const auto found = links_.find(handle);
  if (found == links_.end() || !pn_link_is_sender(handle)) return;
  const std::shared_ptr<Link> link = found->second;
  if (link->can_send()) link->node_->ready(*link);
  // s.2.6.7: what is not used of the credit is given back.
  if (link->is_open() && pn_link_get_drain(handle)) pn_link_drained(handle);
}

void Connection::delivered(pn_delivery_t* delivery) {
  const auto found = links_.find(pn_delivery_link(delivery));
  if (found == links_.end()) return;
  const std::shared_ptr<Link> link = found->second;
  if (!link->is_open()) return;
  if (link->request().peer_sends) {
    if (pn_delivery_readable(delivery)) link->take(delivery);
  } else if (pn_delivery_updated(delivery)) {
    link->take_settlement(delivery);
  }
}

void Connection::forget(pn_link_t* handle) {
  const auto found = links_.find(handle);
  if (found == links_.end()) return;
  const std::shared_ptr<Link> link = found->second;
  links_.erase(found);
  if (link->request().peer_sends) tap_.forget(link->request().link);
  link->gone();
}

void Connection::forget_session(pn_session_t* session) {
  std::vector<pn_link_t*> ended;
  for (const auto& [handle, link] : links_) {
    if (pn_link_session(handle) == session) ended.push_back(handle);
  }
  for (pn_link_t* handle : ended) forget(handle);
  pn_session_close(session);
  pn_session_free(session);
}

void Connection::wake_links() {
  // Nodes may attach or end links meanwhile.
  std::vector<std::shared_ptr<Link>> all;
  all.reserve(links_.size());
  for (const auto& [handle, link] : links_) {
    if (!link->request().peer_sends) all.push_back(link);
  }
  for (const auto& link : all) {
    if (link->can_send()) link->node_->ready(*link);
  }
}

void Connection::check_claims() {
  const ferry::Timestamp now = clock_.now();
  if (now - claims_checked_ < kClaimsPeriod || container_ == nullptr) return;
  claims_checked_ = now;
  std::vector<std::shared_ptr<Link>> all;
  for (const auto& [handle, link] : links_) all.push_back(link);
  for (const auto& link : all) {
    if (!link->is_open() || link->request().address == TokenDesk::kAddress) continue;
    const auto allowed = container_->authorize(link->request(), claims_);
    if (!allowed) link->detach(allowed.error());
  }
}

Task<void> Connection::write_all(std::shared_ptr<Connection> self) {
  std::string batch;
  std::int64_t next_tick = 0;
  while (!self->closed_) {
    self->check_claims();
    self->wake_links();
    // Not more often, however short the silence is that the peer bears: this loop would not end.
    if (const std::int64_t now = steady_milliseconds(); now >= next_tick) {
      pn_transport_tick(self->driver_.transport, now);
      next_tick = now + kTick.count();
    }
    self->process_events();
    const pn_bytes_t pending = pn_connection_driver_write_buffer(&self->driver_);
    if (pending.size > 0) {
      batch.assign(pending.start, pending.size);
      pn_connection_driver_write_done(&self->driver_, pending.size);
      self->process_events();
      const auto written = co_await self->stream_->write(batch);
      if (!written) break;
      continue;
    }
    if (self->ended_ || pn_connection_driver_finished(&self->driver_) ||
        pn_connection_driver_write_closed(&self->driver_)) {
      break;
    }
    co_await self->changed_.wait_for(kTick);
  }
  self->closed_ = true;
  self->written_ = true;
  self->stream_->close();
  self->said_.notify();
}

}  // namespace drydock::amqp
