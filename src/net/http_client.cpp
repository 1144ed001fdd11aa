// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/asio.hpp"
#include "net/proxy.hpp"
#include "net/socket_stream.hpp"

namespace ferry::net {
namespace {

namespace http = boost::beast::http;

using Parser = http::response_parser<http::string_body>;

constexpr std::size_t kReadSize = 64 * 1024;

std::string format_request(const HttpCall& call, const Url& url, const std::string& user_agent) {
  std::string head = call.method + " " + url.target + " HTTP/1.1\r\n";
  if (!call.headers.contains("Host")) head += "Host: " + url.authority() + "\r\n";
  if (!call.headers.contains("User-Agent")) head += "User-Agent: " + user_agent + "\r\n";
  for (const auto& [name, value] : call.headers.fields()) head += name + ": " + value + "\r\n";
  if (!call.body.empty() || call.method == "PUT" || call.method == "POST" ||
      call.method == "PATCH") {
    head += fmt::format("Content-Length: {}\r\n", call.body.size());
  }
  return head + "\r\n";
}

bool has_line_break(const HttpCall& call) {
  const auto breaks = [](std::string_view text) {
    return text.find_first_of("\r\n") != std::string_view::npos;
  };
  for (const auto& [name, value] : call.headers.fields()) {
    if (breaks(name) || breaks(value)) return true;
  }
  return breaks(call.method) || breaks(call.url);
}

struct Exchange {
  HttpResponse response;
  bool keep_alive = false;
};

// `answered` turns true with the first byte of the answer: from then on the call must not be
// repeated.
Task<Result<Exchange>> exchange(Stream& stream, const HttpCall& call, const Url& url,
                                const std::string& user_agent, bool& answered) {
  std::string head = format_request(call, url, user_agent);
  const bool joined = call.body.size() <= kReadSize;
  if (joined) head += call.body;
  auto sent = co_await stream.write(head);
  if (sent && !joined) sent = co_await stream.write(call.body);
  // A server may answer and close before it has read the whole body: the answer tells more.
  Error write_error;
  if (!sent) write_error = std::move(sent).error();

  std::string buffer;
  std::optional<Parser> parser;
  const auto reset = [&] {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(64 * 1024);
    parser->body_limit(call.on_body ? std::numeric_limits<std::uint64_t>::max()
                                    : static_cast<std::uint64_t>(call.max_body));
    if (call.method == "HEAD") parser->skip(true);
  };
  reset();
  while (true) {
    boost::beast::error_code error;
    if (!buffer.empty()) {
      const std::size_t used = parser->put(boost::asio::buffer(buffer), error);
      buffer.erase(0, used);
      if (error && error != http::error::need_more) {
        co_return fail(Code::unavailable, "the answer is not usable HTTP: {}", error.message());
      }
    }
    const bool success = parser->is_header_done() && parser->get().result_int() / 100 == 2;
    if (call.on_body && success && !parser->get().body().empty()) {
      auto taken = call.on_body(parser->get().body());
      if (!taken) co_return fail(std::move(taken).error());
      parser->get().body().clear();
    }
    if (parser->is_done()) {
      if (parser->get().result_int() / 100 != 1) break;
      reset();
      if (!buffer.empty()) continue;
    }
    const std::size_t old_size = buffer.size();
    buffer.resize(old_size + kReadSize);
    auto count = co_await stream.read_some(std::span(buffer).subspan(old_size));
    buffer.resize(old_size + count.value_or(0));
    if (!count) co_return fail(std::move(count).error());
    if (*count == 0) {
      if (parser->got_some()) parser->put_eof(error);
      if (!error && parser->is_done() && parser->is_header_done()) break;
      if (!write_error.message.empty()) co_return fail(std::move(write_error));
      co_return fail(Code::unavailable,
                     "the server closed the connection before its answer was complete");
    }
    answered = true;
  }
  Exchange result;
  result.keep_alive = parser->keep_alive() && buffer.empty() && write_error.message.empty();
  auto message = parser->release();
  if (call.on_body && message.result_int() / 100 == 2 && !message.body().empty()) {
    auto taken = call.on_body(message.body());
    if (!taken) co_return fail(std::move(taken).error());
    message.body().clear();
  }
  result.response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    result.response.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  result.response.body = std::move(message.body());
  co_return result;
}

struct Idle {
  std::unique_ptr<Stream> stream;
  SteadyTime since;
};
using IdleConnections = std::map<std::string, std::vector<Idle>>;

// A client may outlive its loop, a stream may not: with the loop go the connections that are kept.
class IdleConnectionKeeper final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  explicit IdleConnectionKeeper(asio::execution_context& context) : service(context) {}
  void add(std::weak_ptr<IdleConnections> connections) { kept_.push_back(std::move(connections)); }

 private:
  void shutdown() noexcept override {
    for (const auto& kept : kept_) {
      if (const auto connections = kept.lock()) connections->clear();
    }
  }
  std::vector<std::weak_ptr<IdleConnections>> kept_;
};
asio::execution_context::id IdleConnectionKeeper::id;

}  // namespace

struct HttpClient::State {
  explicit State(HttpClientOptions client_options) : options(std::move(client_options)) {}

  HttpClientOptions options;
  ProxySettings proxies = ProxySettings::from_environment();
  std::shared_ptr<IdleConnections> idle = std::make_shared<IdleConnections>();
  bool known_to_loop = false;

  std::unique_ptr<Stream> take_idle(const std::string& key) {
    auto& kept = (*idle)[key];
    // Servers commonly close after 60 to 75 s; an older connection is a coin toss.
    const auto too_old = std::chrono::steady_clock::now() - std::chrono::seconds(45);
    std::erase_if(kept, [&](const Idle& entry) { return entry.since < too_old; });
    if (kept.empty()) return nullptr;
    auto stream = std::move(kept.back().stream);
    kept.pop_back();
    return stream;
  }

  void keep(const std::string& key, std::unique_ptr<Stream> stream, Executor executor) {
    if (!std::exchange(known_to_loop, true)) {
      asio::use_service<IdleConnectionKeeper>(executor.context()).add(idle);
    }
    auto& kept = (*idle)[key];
    if (kept.size() >= options.idle_connections) return;
    stream->set_deadline(std::nullopt);
    kept.push_back({std::move(stream), std::chrono::steady_clock::now()});
  }

  Task<Result<std::unique_ptr<Stream>>> connect(Url url, std::chrono::milliseconds timeout) {
    if (options.unix_socket) {
      auto stream = co_await connect_unix(*options.unix_socket);
      co_return stream;
    }
    if (url.scheme == "http") {
      auto stream = co_await connect_tcp(url.host, url.port, timeout);
      co_return stream;
    }
    if (!options.tls) {
      co_return fail(Code::invalid_argument, "no TLS settings for {}", url.authority());
    }
    auto proxy = proxies.proxy_for(url);
    if (!proxy) co_return fail(std::move(proxy).error());
    if (*proxy) {
      auto stream = co_await connect_tls_through(**proxy, options.tls, url.host, url.port, timeout);
      co_return stream;
    }
    auto stream = co_await connect_tls(options.tls, url.host, url.port, timeout);
    co_return stream;
  }
};

HttpClient::HttpClient(HttpClientOptions options)
    : state_(std::make_shared<State>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Task<Result<HttpResponse>> HttpClient::send(HttpCall call) {
  const auto state = state_;
  const Executor executor = co_await current_executor();
  auto url = parse_url(call.url);
  if (!url) co_return fail(std::move(url).error());
  if (has_line_break(call)) {
    co_return fail(Code::invalid_argument, "a line break in the head of a request to {}",
                   url->authority());
  }
  const std::string key = url->scheme + "://" + url->authority();
  // The query may hold a signature: only the path goes into errors.
  const std::string story =
      fmt::format("{} {}{}", call.method, key, url->target.substr(0, url->target.find('?')));
  const bool limited = call.timeout.count() > 0;
  const SteadyTime deadline = std::chrono::steady_clock::now() + call.timeout;
  while (true) {
    auto stream = state->take_idle(key);
    const bool reused = stream != nullptr;
    if (!stream) {
      auto fresh = co_await state->connect(*url, limited ? call.timeout : std::chrono::seconds(60));
      if (!fresh) co_return fail(std::move(fresh).error().with("{}", story));
      stream = *std::move(fresh);
    }
    if (limited) stream->set_deadline(deadline);
    bool answered = false;
    auto result = co_await exchange(*stream, call, *url, state->options.user_agent, answered);
    if (result) {
      if (result->keep_alive) state->keep(key, std::move(stream), executor);
      co_return std::move(result->response);
    }
    if (!reused || answered || result.error().code != Code::unavailable) {
      co_return fail(std::move(result).error().with("{}", story));
    }
  }
}

}  // namespace ferry::net
