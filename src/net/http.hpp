// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 messages (RFC 9110, RFC 9112), shared by server and client.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.hpp"
#include "net/stream.hpp"

namespace ferry::net {

// Field names compare without case; order and repetition are kept.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  std::optional<std::string_view> get(std::string_view name) const;  // the first one
  std::string get_or(std::string_view name, std::string_view fallback) const;
  bool contains(std::string_view name) const { return get(name).has_value(); }
  void set(std::string name, std::string value);  // replaces all of that name
  void add(std::string name, std::string value);
  void remove(std::string_view name);
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

struct HttpRequest {
  std::string method;
  std::string target;  // as sent: path and query, still percent-encoded
  Headers headers;
  std::string body;
  PeerInfo peer;

  std::string_view path() const;   // still percent-encoded
  std::string_view query() const;  // without '?', still percent-encoded
  // First query parameter of that name (names compare without case), decoded.
  std::optional<std::string> query_value(std::string_view name) const;
  FormFields query_fields() const;
  std::string host() const;  // Host header without port, lower case
};

// Writes a response body piece by piece; each piece is sent as it comes (chunked).
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  virtual Task<Result<void>> write(std::string_view bytes) = 0;
};

struct HttpResponse {
  int status = 200;  // 0: no answer at all, the server closes the connection
  Headers headers;
  std::string body;
  // Instead of `body`: called once after the head was sent, for server-sent events and long bodies.
  // With a Content-Length header it must write exactly that many bytes; else the body goes chunked.
  std::function<Task<void>(BodyWriter&)> stream;
  // After a 101 head: takes the connection over, with the bytes already read behind the head.
  std::function<Task<void>(std::unique_ptr<Stream>, std::string)> upgrade;
};

std::string_view reason_phrase(int status);

using HttpHandler = std::function<Task<HttpResponse>(HttpRequest)>;

struct HttpServerOptions {
  std::size_t max_head = 64 * 1024;
  std::size_t max_body = std::size_t{1} << 30;
  std::chrono::milliseconds idle_timeout{75'000};      // between requests
  std::chrono::milliseconds request_timeout{300'000};  // to read one request
  std::chrono::milliseconds write_timeout{60'000};     // to hand over one piece of a streamed body
};

// Serves requests on one connection, keep-alive, until either side ends it. `handler` is not called
// for malformed or over-long requests: those get 400, 413 or 431.
// A HEAD request runs the handler and sends the head alone (Content-Length of the body it would
// have).
Task<void> serve_http(std::unique_ptr<Stream> stream, HttpHandler handler,
                      HttpServerOptions options = {});

}  // namespace ferry::net
