// SPDX-License-Identifier: Apache-2.0
// Beast parses, sans I/O; everything else is here.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>

#include "base/clock.hpp"
#include "net/http.hpp"

namespace ferry::net {
namespace {

namespace http = boost::beast::http;

using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kJoinedBodyLimit = 64 * 1024;  // bodies up to here go out with their head

int status_of(const boost::beast::error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  return 400;
}

HttpRequest take_request(Parser& parser, const PeerInfo& peer) {
  auto message = parser.release();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  request.peer = peer;
  // The absolute form that proxies and some SDKs send (RFC 9112 s.3.2.2).
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!request.target.starts_with(scheme)) continue;
    const auto slash = request.target.find('/', scheme.size());
    request.target = slash == std::string::npos ? "/" : request.target.substr(slash);
  }
  return request;
}

bool body_is_allowed(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string format_head(const HttpResponse& response, bool keep_alive, bool chunked) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& [name, value] : response.headers.fields()) {
    head += name;
    head += ": ";
    // A value from outside must not forge a header of its own.
    for (char c : value) head += (c == '\r' || c == '\n') ? ' ' : c;
    head += "\r\n";
  }
  if (!response.headers.contains("Date")) {
    head += "Date: " + format_rfc1123(SystemClock().now()) + "\r\n";
  }
  if (response.status == 101) return head + "\r\n";
  if (chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (body_is_allowed(response.status) && !response.headers.contains("Content-Length")) {
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

// Chunked, or as it comes when the head has announced a length: then `left` counts down to 0.
class StreamBodyWriter final : public BodyWriter {
 public:
  StreamBodyWriter(Stream& stream, std::optional<std::uint64_t> length,
                   std::chrono::milliseconds timeout)
      : stream_(stream), left_(length), timeout_(timeout) {}

  Task<Result<void>> write(std::string_view bytes) override {
    if (bytes.empty()) co_return Result<void>();
    if (left_ && bytes.size() > *left_) {
      failed_ = true;
      co_return fail(Code::internal, "the body is longer than its announced length");
    }
    Result<void> written;
    stream_.set_deadline(std::chrono::steady_clock::now() + timeout_);
    if (left_) {
      *left_ -= bytes.size();
      written = co_await stream_.write(bytes);
    } else {
      std::string chunk = fmt::format("{:x}\r\n", bytes.size());
      chunk += bytes;
      chunk += "\r\n";
      written = co_await stream_.write(chunk);
    }
    stream_.set_deadline(std::nullopt);
    failed_ = failed_ || !written;
    co_return written;
  }

  // False when the connection cannot carry another message.
  Task<bool> finish() {
    if (failed_) co_return false;
    if (left_) co_return *left_ == 0;
    auto written = co_await stream_.write("0\r\n\r\n");
    co_return written.has_value();
  }

 private:
  Stream& stream_;
  std::optional<std::uint64_t> left_;
  std::chrono::milliseconds timeout_;
  bool failed_ = false;
};

std::optional<std::uint64_t> announced_length(const Headers& headers) {
  const auto text = headers.get("Content-Length");
  if (!text) return std::nullopt;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return length;
}

class Connection {
 public:
  Connection(std::unique_ptr<Stream> stream, HttpHandler handler, HttpServerOptions options)
      : stream_(std::move(stream)), handler_(std::move(handler)), options_(options) {}

  Task<void> serve() {
    bool more = true;
    while (more) more = co_await serve_one();
    if (stream_) stream_->close();
  }

 private:
  // False when the connection is over.
  Task<bool> serve_one() {
    Parser parser;
    parser.eager(true);
    parser.header_limit(static_cast<std::uint32_t>(options_.max_head));
    parser.body_limit(options_.max_body);
    stream_->set_deadline(std::chrono::steady_clock::now() + options_.idle_timeout);
    const bool complete = co_await read_request(parser);
    if (!complete) co_return false;
    stream_->set_deadline(std::nullopt);

    const bool keep_alive = parser.keep_alive();
    HttpRequest request = take_request(parser, stream_->peer());
    const bool head_only = request.method == "HEAD";
    HttpResponse response = co_await handler_(std::move(request));
    const bool go_on = co_await respond(std::move(response), keep_alive, head_only);
    co_return go_on;
  }

  Task<bool> read_request(Parser& parser) {
    bool continue_sent = false;
    while (true) {
      if (!buffer_.empty()) {
        boost::beast::error_code error;
        const std::size_t used = parser.put(boost::asio::buffer(buffer_), error);
        buffer_.erase(0, used);
        if (error && error != http::error::need_more) {
          co_await refuse(status_of(error));
          co_return false;
        }
        if (parser.is_done()) co_return true;
      }
      if (parser.is_header_done() && !continue_sent) {
        continue_sent = true;
        stream_->set_deadline(std::chrono::steady_clock::now() + options_.request_timeout);
        const auto expected = parser.get()[http::field::expect];
        if (equals_ignore_case({expected.data(), expected.size()}, "100-continue")) {
          auto written = co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
          if (!written) co_return false;
        }
      }
      const std::size_t old_size = buffer_.size();
      buffer_.resize(old_size + kReadSize);
      auto count = co_await stream_->read_some(std::span(buffer_).subspan(old_size));
      buffer_.resize(old_size + count.value_or(0));
      if (!count || *count == 0) co_return false;
    }
  }

  Task<void> refuse(int status) {
    HttpResponse response;
    response.status = status;
    response.body = std::string(reason_phrase(status)) + "\n";
    const std::string bytes = format_head(response, false, false) + response.body;
    co_await stream_->write(bytes);
  }

  Task<bool> respond(HttpResponse response, bool keep_alive, bool head_only) {
    if (response.status == 0) co_return false;
    if (response.upgrade) {
      auto written = co_await stream_->write(format_head(response, true, false));
      if (written) co_await response.upgrade(std::move(stream_), std::move(buffer_));
      co_return false;
    }
    const bool streamed = response.stream != nullptr;
    const auto length = announced_length(response.headers);
    std::string head = format_head(response, keep_alive, streamed && !length);
    const bool with_body = !head_only && body_is_allowed(response.status);
    if (streamed || !with_body || response.body.size() > kJoinedBodyLimit) {
      auto written = co_await stream_->write(head);
      if (!written) co_return false;
    } else {
      head += response.body;
      auto written = co_await stream_->write(head);
      co_return written.has_value() && keep_alive;
    }
    if (!with_body) co_return keep_alive;
    if (!streamed) {
      auto written = co_await stream_->write(response.body);
      co_return written.has_value() && keep_alive;
    }
    StreamBodyWriter writer(*stream_, length, options_.write_timeout);
    co_await response.stream(writer);
    const bool complete = co_await writer.finish();
    co_return complete&& keep_alive;
  }

  std::unique_ptr<Stream> stream_;
  HttpHandler handler_;
  HttpServerOptions options_;
  std::string buffer_;
};

}  // namespace

Task<void> serve_http(std::unique_ptr<Stream> stream, HttpHandler handler,
                      HttpServerOptions options) {
  Connection connection(std::move(stream), std::move(handler), options);
  co_await connection.serve();
}

}  // namespace ferry::net
