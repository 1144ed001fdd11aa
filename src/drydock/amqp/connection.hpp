// SPDX-License-Identifier: Apache-2.0
// One AMQP 1.0 connection, the server's side: qpid-proton's engine between a stream and the nodes
// of a container.
#pragma once

#include <functional>
#include <unordered_map>

#include <proton/connection_driver.h>

#include "drydock/amqp/frame_tap.hpp"
#include "drydock/amqp/link.hpp"
#include "net/stream.hpp"

namespace drydock::amqp {

class TokenDesk;

// The container that answers for a host name; null when there is none.
using FindContainer = std::function<std::unique_ptr<Container>(std::string_view host)>;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Serves the peer until either side ends the connection. `host`: the name that the peer asked for
  // (TLS server name, HTTP host); the one in its open frame counts when a container answers for it.
  static ferry::net::Task<void> serve(std::unique_ptr<ferry::net::Stream> stream, std::string host,
                                      const ferry::Clock& clock, FindContainer find);

  Connection(std::unique_ptr<ferry::net::Stream> stream, std::string host,
             const ferry::Clock& clock, FindContainer find, ferry::net::Executor executor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // SASL: whether the peer may go on. Asked by the engine.
  bool admit(std::string_view mechanism, std::string_view response);

 private:
  friend class Link;
  friend class TokenDesk;

  ferry::net::Task<void> run();
  static ferry::net::Task<void> write_all(std::shared_ptr<Connection> self);
  bool feed(std::string_view bytes);  // false when the engine takes no more
  void process_events();
  void handle(pn_event_t* event);
  void opened();
  void attach(pn_link_t* link);
  void refuse_link(pn_link_t* link, const Refusal& refusal);
  void flow(pn_link_t* link);
  void delivered(pn_delivery_t* delivery);
  void forget(pn_link_t* link);
  void forget_session(pn_session_t* session);
  void wake_links();
  void check_claims();
  Container* find_container(std::string_view host);

  std::unique_ptr<ferry::net::Stream> stream_;
  std::string host_;
  const ferry::Clock& clock_;
  FindContainer find_;
  ferry::net::Notifier changed_;  // something may be to be written
  ferry::net::Notifier said_;     // the last of it was
  pn_connection_driver_t driver_{};
  FrameTap tap_;
  std::unique_ptr<Container> container_;
  std::string container_host_;
  Claims claims_;
  std::shared_ptr<TokenDesk> desk_;
  std::unordered_map<pn_link_t*, std::shared_ptr<Link>> links_;
  ferry::Timestamp claims_checked_;
  bool ended_ = false;    // the peer says nothing more
  bool written_ = false;  // nor do we
  bool closed_ = false;
  bool processing_ = false;
};

}  // namespace drydock::amqp
