// SPDX-License-Identifier: Apache-2.0
// The HTTP server and client against each other, over real TLS on loopback, and the server alone
// against bytes that no client of ours would send.
#include <gtest/gtest.h>

#include "net/http_client.hpp"
#include "net/router.hpp"
#include "x509/authority.hpp"

namespace ferry::net {
namespace {

struct Pki {
  x509::PrivateKey ca_key = x509::PrivateKey::generate();
  x509::Certificate ca = x509::issue_self_signed(ca_key, profile("Test CA", true)).value();

  static x509::CertificateProfile profile(std::string name, bool is_ca) {
    x509::CertificateProfile result;
    result.common_name = std::move(name);
    result.not_before = SystemClock().now() - std::chrono::minutes(5);
    result.not_after = SystemClock().now() + std::chrono::minutes(is_ca ? 60 : 30);
    result.ca = is_ca;
    result.client_auth = result.server_auth = !is_ca;
    if (!is_ca) result.dns_names = {"*.test.localhost"};
    return result;
  }

  TlsIdentity identity(std::string name,
                       std::chrono::minutes life = std::chrono::minutes(30)) const {
    const auto key = x509::PrivateKey::generate();
    auto content = profile(std::move(name), false);
    content.not_after = SystemClock().now() + life;
    const auto leaf = x509::issue(ca, x509::KeySigner(ca_key), key.public_key(), content).value();
    return {leaf.to_pem() + ca.to_pem(), key.to_pem()};
  }
};

class HttpOverTls : public testing::Test {
 protected:
  void start(HttpHandler handler, HttpServerOptions options = {}) {
    // Asks for the certificates of another issuer: what a client presents must come all the same.
    auto tls = TlsServerContext::create({.identity = pki_.identity("server"),
                                         .request_client_certificate = true,
                                         .asked_issuers_pem = Pki().ca.to_pem()});
    ASSERT_TRUE(tls) << tls.error().describe();
    auto listener =
        Listener::start(loop_, "127.0.0.1", 0, *tls,
                        [handler, options](std::unique_ptr<Stream> stream) -> Task<void> {
                          return serve_http(std::move(stream), handler, options);
                        });
    ASSERT_TRUE(listener) << listener.error().describe();
    listener_ = *std::move(listener);
  }

  HttpClient client(std::optional<TlsIdentity> identity = std::nullopt) {
    TlsClientOptions options;
    options.ca_pem = pki_.ca.to_pem();
    options.identity = std::move(identity);
    return HttpClient({.tls = TlsClientContext::create(options).value()});
  }

  std::string url(std::string_view target) const {
    return fmt::format("https://one.test.localhost:{}{}", listener_->port(), target);
  }

  Result<HttpResponse> send(HttpClient& client, HttpCall call) {
    return loop_.run_until_done(client.send(std::move(call)));
  }

  Pki pki_;
  EventLoop loop_;
  std::unique_ptr<Listener> listener_;
};

Task<HttpResponse> echo(HttpRequest request) {
  HttpResponse response;
  response.headers.set("X-Method", request.method);
  response.headers.set("X-Peer-Certificates",
                       std::to_string(request.peer.certificate_chain.size()));
  response.headers.set("X-Server-Name", request.peer.server_name);
  response.body = request.target + "|" + request.body;
  co_return response;
}

TEST_F(HttpOverTls, CarriesMethodTargetBodyAndServerName) {
  start(echo);
  auto http = client();
  const auto response = send(http, {.method = "POST", .url = url("/a%20b?x=1"), .body = "hello"});
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "/a%20b?x=1|hello");
  EXPECT_EQ(response->headers.get("x-server-name"), "one.test.localhost");
}

TEST_F(HttpOverTls, CarriesABodyLargerThanEveryBuffer) {
  start(echo);
  auto http = client();
  std::string big(5'000'000, 'x');
  big[4'000'000] = 'y';
  const auto response = send(http, {.method = "PUT", .url = url("/"), .body = big});
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->body, "/|" + big);
}

TEST_F(HttpOverTls, ShowsTheClientsWholeChain) {
  start(echo);
  auto http = client(pki_.identity("device"));
  const auto response = send(http, {.url = url("/")});
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->headers.get("X-Peer-Certificates"), "2");
}

TEST_F(HttpOverTls, LeavesTheJudgementOfAnExpiredClientCertificateToTheHandler) {
  start(echo);
  auto http = client(pki_.identity("device", std::chrono::minutes(-1)));
  const auto response = send(http, {.url = url("/")});
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->headers.get("X-Peer-Certificates"), "2");
}

TEST_F(HttpOverTls, RefusesAServerThatTheCaDidNotSign) {
  start(echo);
  Pki other;
  HttpClient stranger({.tls = TlsClientContext::create({.ca_pem = other.ca.to_pem()}).value()});
  const auto response = send(stranger, {.url = url("/")});
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().describe().find("not trusted"), std::string::npos);
}

TEST_F(HttpOverTls, RefusesAServerWithAnotherName) {
  start(echo);
  auto http = client();
  const auto response =
      send(http, {.url = fmt::format("https://elsewhere.localhost:{}/", listener_->port())});
  EXPECT_FALSE(response);
}

TEST_F(HttpOverTls, RepeatsOnceWhenAKeptConnectionIsGone) {
  start(echo, {.idle_timeout = std::chrono::milliseconds(10)});
  auto http = client();
  ASSERT_TRUE(send(http, {.url = url("/1")}));
  loop_.run_until_done([]() -> Task<bool> {
    co_await sleep_for(std::chrono::milliseconds(600));
    co_return true;
  }());
  const auto second = send(http, {.url = url("/2")});
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_EQ(second->body, "/2|");
}

TEST_F(HttpOverTls, StreamsABodyPieceByPiece) {
  start([](HttpRequest) -> Task<HttpResponse> {
    HttpResponse response;
    response.stream = [](BodyWriter& writer) -> Task<void> {
      for (int i = 0; i < 3; ++i) co_await writer.write(fmt::format("piece {};", i));
    };
    co_return response;
  });
  auto http = client();
  std::string seen;
  const auto response = send(http, {.url = url("/"), .on_body = [&](std::string_view bytes) {
                                      seen += bytes;
                                      return Result<void>();
                                    }});
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(seen, "piece 0;piece 1;piece 2;");
}

TEST_F(HttpOverTls, StreamsABodyOfAnnouncedLength) {
  start([](HttpRequest) -> Task<HttpResponse> {
    HttpResponse response;
    response.headers.set("Content-Length", "6");
    response.stream = [](BodyWriter& writer) -> Task<void> {
      co_await writer.write("abc");
      co_await writer.write("def");
    };
    co_return response;
  });
  auto http = client();
  const auto response = send(http, {.url = url("/")});
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->body, "abcdef");
  EXPECT_FALSE(response->headers.contains("Transfer-Encoding"));
}

TEST_F(HttpOverTls, EndsTheConnectionWhenAStreamedBodyIsCutShort) {
  start([](HttpRequest) -> Task<HttpResponse> {
    HttpResponse response;
    response.headers.set("Content-Length", "6");
    response.stream = [](BodyWriter& writer) -> Task<void> { co_await writer.write("abc"); };
    co_return response;
  });
  auto http = client();
  EXPECT_FALSE(send(http, {.url = url("/")}));
}

Task<bool> ask_and_never_read(std::unique_ptr<Stream> stream, bool& ended) {
  co_await stream->write("GET / HTTP/1.1\r\nHost: one.test.localhost\r\n\r\n");
  for (int i = 0; i < 100 && !ended; ++i) co_await sleep_for(std::chrono::milliseconds(50));
  co_return ended;
}

TEST_F(HttpOverTls, LetsGoOfAStreamThatNobodyReads) {
  bool ended = false;
  const auto endless = [&ended](BodyWriter& writer) -> Task<void> {
    const std::string piece(1'000'000, 'x');
    while (true) {
      auto written = co_await writer.write(piece);
      if (!written) break;
    }
    ended = true;
  };
  start(
      [&endless](HttpRequest) -> Task<HttpResponse> {
        HttpResponse response;
        response.stream = endless;
        co_return response;
      },
      {.write_timeout = std::chrono::milliseconds(100)});
  TlsClientOptions options;
  options.ca_pem = pki_.ca.to_pem();
  auto stream = loop_.run_until_done(connect_tls(TlsClientContext::create(options).value(),
                                                 "one.test.localhost", listener_->port(),
                                                 std::chrono::seconds(5)));
  ASSERT_TRUE(stream) << stream.error().describe();
  EXPECT_TRUE(loop_.run_until_done(ask_and_never_read(*std::move(stream), ended)));
}

TEST_F(HttpOverTls, EndsACallThatTakesTooLong) {
  start([](HttpRequest) -> Task<HttpResponse> {
    co_await sleep_for(std::chrono::seconds(30));
    co_return HttpResponse();
  });
  auto http = client();
  const auto response = send(http, {.url = url("/"), .timeout = std::chrono::milliseconds(100)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::deadline_exceeded);
}

TEST_F(HttpOverTls, AnswersHeadWithTheLengthAlone) {
  start(echo);
  auto http = client();
  const auto response = send(http, {.method = "HEAD", .url = url("/four")});
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->headers.get("Content-Length"), "6");
  EXPECT_TRUE(response->body.empty());
}

TEST(HttpClientAlone, SaysThatNobodyListens) {
  EventLoop loop;
  HttpClient http({});
  const auto response =
      loop.run_until_done(http.send({.url = "http://127.0.0.1:1/secret?sig=abc"}));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::unavailable);
  EXPECT_EQ(response.error().describe().find("sig"), std::string::npos);
}

TEST(HttpClientAlone, MayOutliveItsLoop) {
  HttpClient http({});
  EventLoop loop;
  auto listener = Listener::start(loop, "127.0.0.1", 0, nullptr,
                                  [](std::unique_ptr<Stream> stream) -> Task<void> {
                                    return serve_http(std::move(stream), echo);
                                  });
  ASSERT_TRUE(listener);
  const auto url = fmt::format("http://127.0.0.1:{}/", (*listener)->port());
  ASSERT_TRUE(loop.run_until_done(http.send({.url = url})));
  // The connection is kept; the loop ends before the client.
}

TEST(HttpClientAlone, RefusesALineBreakInAHeader) {
  EventLoop loop;
  HttpClient http({});
  const auto response = loop.run_until_done(
      http.send({.url = "http://127.0.0.1:1/", .headers = {{"X", "a\r\nHost: evil"}}}));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::invalid_argument);
}

// What the server answers to raw bytes, up to the close of the connection.
std::string raw_answer(std::string_view bytes, HttpServerOptions options = {}) {
  EventLoop loop;
  auto [near, far] = make_memory_streams(loop.executor());
  loop.spawn(serve_http(std::move(far), echo, options));
  return loop.run_until_done([](Stream& stream, std::string sent) -> Task<std::string> {
    co_await stream.write(sent);
    std::string answer;
    char buffer[4096];
    stream.set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(200));
    while (true) {
      auto count = co_await stream.read_some(buffer);
      if (!count || *count == 0) co_return answer;
      answer.append(buffer, *count);
    }
  }(*near, std::string(bytes)));
}

TEST(HttpServerAlone, RefusesWhatIsNotHttp) {
  EXPECT_TRUE(raw_answer("\x16\x03\x01 hello\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(
      raw_answer("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n").starts_with("HTTP/1.1 400"));
}

TEST(HttpServerAlone, LimitsHeadAndBody) {
  const std::string long_head = "GET / HTTP/1.1\r\nX: " + std::string(70'000, 'a') + "\r\n\r\n";
  EXPECT_TRUE(raw_answer(long_head).starts_with("HTTP/1.1 431"));
  EXPECT_TRUE(
      raw_answer("PUT / HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello world", {.max_body = 10})
          .starts_with("HTTP/1.1 413"));
}

TEST(HttpServerAlone, InvitesABodyThatWaitsForIt) {
  const auto answer =
      raw_answer("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(answer, "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(HttpServerAlone, ServesPipelinedRequestsInOrder) {
  const auto answer =
      raw_answer("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto first = answer.find("/1|");
  const auto second = answer.find("/2|");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, second);
}

TEST(RouterMatches, FixedSegmentsBeforeParametersAndTheRestOfAPath) {
  Router router(Router::Case::insensitive);
  std::string hit;
  const auto note = [&](std::string name) {
    return [&hit, name](HttpRequest, RouteParameters) -> Task<HttpResponse> {
      hit = name;
      co_return HttpResponse();
    };
  };
  router.add("GET", "/v/{id}", note("id"));
  router.add("GET", "/v/fixed", note("fixed"));
  router.add("PUT", "/files/{path...}", note("rest"));
  EXPECT_EQ(router.match("GET", "/V/Fixed").pattern, "/v/fixed");
  EXPECT_EQ(router.match("GET", "/v/%24edgeAgent").parameters.at("id"), "$edgeAgent");
  EXPECT_EQ(router.match("PUT", "/files/a/b%2Fc").parameters.at("path"), "a/b/c");
  EXPECT_EQ(router.match("POST", "/v/x").refusal, 405);
  EXPECT_EQ(router.match("GET", "/w").refusal, 404);
  EXPECT_EQ(router.match("HEAD", "/v/x").pattern, "/v/{id}");
}

TEST(UrlParsing, KnowsPortsAndRefusesOtherSchemes) {
  EXPECT_EQ(parse_url("https://A.example/x?y=1")->authority(), "a.example");
  EXPECT_EQ(parse_url("https://a.example:8443")->authority(), "a.example:8443");
  EXPECT_EQ(parse_url("http://[::1]:5000/v2/")->authority(), "[::1]:5000");
  EXPECT_EQ(parse_url("http://[::1]:5000/v2/")->host, "::1");
  EXPECT_FALSE(parse_url("ftp://a.example/"));
  EXPECT_FALSE(parse_url("not a url"));
}

}  // namespace
}  // namespace ferry::net
