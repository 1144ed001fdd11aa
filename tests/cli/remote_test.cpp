// SPDX-License-Identifier: Apache-2.0
// Commands against a server in this process that answers from a script.
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/event_reader.hpp"
#include "net/stream.hpp"

namespace ferry::cli {
namespace {

using net::Task;

struct Exchange {
  std::string method;
  std::string target;
  int status;
  std::string body;
};

// Answers each request with the next exchange whose method and target fit; remembers what came.
class ScriptedServer {
 public:
  explicit ScriptedServer(net::EventLoop& loop) {
    const auto handler = [this](std::unique_ptr<net::Stream> stream) {
      return net::serve_http(std::move(stream), [this](net::HttpRequest request) {
        return answer(std::move(request));
      });
    };
    listener_ = net::Listener::start(loop, "127.0.0.1", 0, nullptr, handler).value();
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", listener_->port()); }
  void expect(Exchange exchange) { script_.push_back(std::move(exchange)); }
  const std::vector<net::HttpRequest>& requests() const { return requests_; }

 private:
  Task<net::HttpResponse> answer(net::HttpRequest request) {
    net::HttpResponse response;
    response.status = 500;
    for (auto& exchange : script_) {
      if (exchange.method != request.method || exchange.target != request.target) continue;
      response.status = exchange.status;
      response.body = exchange.body;
      exchange.method = "used";
      break;
    }
    requests_.push_back(std::move(request));
    co_return response;
  }

  std::vector<Exchange> script_;
  std::vector<net::HttpRequest> requests_;
  std::unique_ptr<net::Listener> listener_;
};

class Remote : public ::testing::Test {
 protected:
  Remote() : server(loop) {
    profile.url = server.url();
    profile.token = Secret("api-token");
    client.emplace(Client::create(profile).value());
    context.emplace(Context{*client, terminal, clock, profile});
  }

  net::EventLoop loop;
  ScriptedServer server;
  Profile profile;
  std::optional<Client> client;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{out, err};
  SystemClock clock;
  std::optional<Context> context;
};

TEST_F(Remote, TheOnlyWorkspaceIsTheDefault) {
  server.expect({"GET", "/api/v1/workspaces", 200, R"({"value": [{"name": "plant-a"}]})"});
  server.expect({"GET", "/api/v1/workspaces/plant-a/groups", 200,
                 R"({"value": [{"name": "line-1", "nodeCount": 2, "state": "ready"}]})"});
  ASSERT_TRUE(loop.run_until_done(group_list(*context)));
  EXPECT_NE(out.str().find("line-1"), std::string::npos);
  EXPECT_EQ(server.requests().at(0).headers.get_or("Authorization", ""), "Bearer api-token");
}

TEST_F(Remote, SeveralWorkspacesAreNamedInTheError) {
  server.expect({"GET", "/api/v1/workspaces", 200,
                 R"({"value": [{"name": "plant-a"}, {"name": "plant-b"}]})"});
  const auto done = loop.run_until_done(group_list(*context));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::invalid_argument);
  EXPECT_NE(done.error().message.find("plant-a, plant-b"), std::string::npos);
}

TEST_F(Remote, TheServersErrorKeepsItsCodeMessageAndHint) {
  context->workspace = "plant-x";
  server.expect({"GET", "/api/v1/workspaces/plant-x/groups", 404,
                 R"({"error": {"code": "not_found", "message": "there is no workspace 'plant-x'",
                     "hint": "ferry workspace list shows them", "details": {}}})"});
  const auto done = loop.run_until_done(group_list(*context));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::not_found);
  EXPECT_EQ(done.error().describe(),
            "there is no workspace 'plant-x' (ferry workspace list shows them)");
}

TEST_F(Remote, AnAnswerThatIsNotTheApisIsAnErrorAndNotACrash) {
  context->workspace = "w";
  server.expect({"GET", "/api/v1/workspaces/w/groups", 200, "<html>"});
  EXPECT_FALSE(loop.run_until_done(group_list(*context)));
  server.expect({"GET", "/api/v1/workspaces/w/groups", 502, "<html>"});
  const auto done = loop.run_until_done(group_list(*context));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::unavailable);
}

TEST_F(Remote, AnOperationIsFollowedAndItsFailureIsTheCommands) {
  context->workspace = "w";
  server.expect({"POST", "/api/v1/workspaces/w/groups", 202,
                 R"({"operation": {"id": "op-1", "status": "running", "steps": []}})"});
  // The first stream ends in the middle, as when the server starts again.
  server.expect({"GET", "/api/v1/operations/op-1/events", 200,
                 "event: operation\ndata: {\"id\": \"op-1\", \"status\": \"running\", \"steps\": "
                 "[{\"name\": \"group CA\", \"status\": \"succeeded\"}]}\n\n: still here\n\n"});
  server.expect({"GET", "/api/v1/operations/op-1/events", 200,
                 "event: operation\ndata: {\"id\": \"op-1\", \"status\": \"failed\", \"steps\": "
                 "[{\"name\": \"group CA\", \"status\": \"succeeded\"}, "
                 "{\"name\": \"enrollment group\", \"status\": \"failed\"}], \"error\": {\"code\": "
                 "\"unavailable\", \"message\": \"the DPS does not answer\"}}\n\n"});
  const auto done = loop.run_until_done(group_create(*context, "line-1"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::unavailable);
  EXPECT_NE(done.error().message.find("the DPS does not answer"), std::string::npos);
  EXPECT_NE(err.str().find("✓ group CA"), std::string::npos);
  EXPECT_NE(err.str().find("✗ enrollment group"), std::string::npos);
}

TEST_F(Remote, AnOperationThatCannotBeWatchedIsAnError) {
  context->workspace = "w";
  server.expect({"POST", "/api/v1/workspaces/w/groups", 202,
                 R"({"operation": {"id": "op-1", "status": "running", "steps": []}})"});
  server.expect({"GET", "/api/v1/operations/op-1/events", 200,
                 "event: problem\ndata: {\"error\": {\"code\": \"unauthenticated\", \"message\": "
                 "\"the session has ended\"}}\n\n"});
  const auto done = loop.run_until_done(group_create(*context, "line-1"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::unauthenticated);
}

TEST(EventReader, TakesEventsInPiecesOfAnySize) {
  const std::string stream =
      ": hello\r\nid: 7\nevent: a\ndata: {\"n\":\ndata: 1}\n\n\nevent: empty\n\ndata:[2]\n\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    std::string seen;
    EventReader reader([&](const std::string& name, const json::value& data) -> Result<void> {
      seen += name + json::serialize(data) + ";";
      return {};
    });
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      ASSERT_TRUE(reader.take(std::string_view(stream).substr(at, piece)));
    }
    EXPECT_EQ(seen, "a{\"n\":1};[2];") << piece;
  }
  EventReader reader([](const std::string&, const json::value&) { return Result<void>(); });
  EXPECT_EQ(reader.take("data: {\n\n").error().code, Code::unavailable);
}

TEST_F(Remote, CtrlCLeavesTheOperationRunningAndSaysHowToSeeIt) {
  context->workspace = "w";
  server.expect({"DELETE", "/api/v1/workspaces/w/nodes/n", 202,
                 R"({"operation": {"id": "op-9", "status": "running", "steps": []}})"});
  server.expect({"GET", "/api/v1/operations/op-9/events", 200, ": nothing yet\n\n"});
  loop.spawn([]() -> Task<void> {
    co_await net::sleep_for(std::chrono::milliseconds(50));
    ::raise(SIGINT);
  }());
  const auto done = loop.run_until_done(node_delete(*context, "n"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::cancelled);
  EXPECT_NE(done.error().hint.find("ferry operation show op-9"), std::string::npos);
}

TEST_F(Remote, DeployTakesTheNewestPublishedVersionAndShowsTheRefusedPlan) {
  context->workspace = "w";
  server.expect({"GET", "/api/v1/workspaces/w/components/sampler", 200,
                 R"({"name": "sampler", "versions": [{"version": "1.0.1", "state": "draft"},
                     {"version": "1.0.0", "state": "published"}]})"});
  server.expect({"PUT", "/api/v1/workspaces/w/deployments/default", 409,
                 R"({"error": {"code": "conflict", "message": "this removes heartbeat",
                     "hint": "say --allow-removals when that is meant", "details": {"groups": [{"group": "line-1", "nodes": 1,
                     "removed": [{"component": "heartbeat", "version": "1.0.0"}]}]}}})"});
  Deploy arguments;
  arguments.components = {"sampler"};
  arguments.groups = {"line-1"};
  const auto done = loop.run_until_done(deploy(*context, arguments));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::conflict);
  EXPECT_NE(done.error().hint.find("--allow-removals"), std::string::npos);
  EXPECT_NE(err.str().find("- heartbeat 1.0.0, from 1 node"), std::string::npos);
  const auto sent = parse_json_object(server.requests().back().body).value();
  EXPECT_EQ(json::serialize(sent.at("components")), R"([{"name":"sampler","version":"1.0.0"}])");
  EXPECT_EQ(sent.at("allowRemovals").as_bool(), false);
}

TEST_F(Remote, ANewNodesTokenAndCommandAreInTheJson) {
  context->workspace = "w";
  context->output = OutputFormat::json;
  server.expect({"POST", "/api/v1/workspaces/w/nodes", 201,
                 R"({"id": "node-1", "name": "pump-7", "group": "line-1", "registrationId": "r-1",
                     "token": "tkn", "expiresAt": "2026-11-22T10:00:00Z"})"});
  ASSERT_TRUE(loop.run_until_done(node_create(*context, {"pump-7", "line-1"})));
  const auto answer = parse_json_object(out.str()).value();
  EXPECT_EQ(answer.at("registrationId").as_string(), "r-1");
  EXPECT_EQ(answer.at("token").as_string(), "tkn");
  EXPECT_TRUE(answer.contains("command"));
}

TEST_F(Remote, NamesAreEncodedInPaths) {
  EXPECT_EQ(api_path({"workspaces", "a/../b c"}), "/api/v1/workspaces/a%2F..%2Fb%20c");
}

}  // namespace
}  // namespace ferry::cli
