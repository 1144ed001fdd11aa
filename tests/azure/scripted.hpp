// SPDX-License-Identifier: Apache-2.0
// The other side of a conversation, written down: what is answered to which request, without
// waiting.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "azure/entra/token_source.hpp"
#include "azure/pipeline.hpp"

namespace ferry::azure {

inline net::HttpResponse answer(int status, std::string body = "", net::Headers headers = {}) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

// Answers in order, whatever is asked; keeps what was asked. A request beyond the script is a
// failure.
class Script {
 public:
  Script& then(net::HttpResponse response) {
    steps_.emplace_back(std::move(response));
    return *this;
  }
  Script& then(int status, std::string body = "", net::Headers headers = {}) {
    return then(answer(status, std::move(body), std::move(headers)));
  }
  Script& then_fail(Code code) {
    steps_.emplace_back(fail(code, "no connection"));
    return *this;
  }
  Transport transport() {
    return [this](net::HttpCall call) { return play(std::move(call)); };
  }
  // "METHOD url" of all requests so far.
  std::vector<std::string> asked() const {
    std::vector<std::string> lines;
    for (const auto& call : calls) lines.push_back(call.method + " " + call.url);
    return lines;
  }
  bool finished() const { return steps_.empty(); }
  std::vector<net::HttpCall> calls;

 private:
  net::Task<Result<net::HttpResponse>> play(net::HttpCall call) {
    calls.push_back(std::move(call));
    if (steps_.empty()) {
      ADD_FAILURE() << "unexpected request: " << asked().back();
      co_return fail(Code::cancelled, "the script has ended");
    }
    Result<net::HttpResponse> step = std::move(steps_.front());
    steps_.pop_front();
    co_return step;
  }
  std::deque<Result<net::HttpResponse>> steps_;
};

class FixedToken final : public TokenSource {
 public:
  net::Task<Result<Secret>> token(std::string) override {
    const std::string text = "token-" + std::to_string(generation);
    co_return Secret(text);
  }
  void forget(std::string_view) override { ++generation; }
  int generation = 1;
};

// A pipeline over a script, on a clock that only sleeping moves.
class ScriptedTest : public ::testing::Test {
 protected:
  Pipeline& pipeline() {
    if (!pipeline_) {
      PipelineOptions options;
      options.transport = script.transport();
      options.clock = &clock;
      options.sleep = [this](std::chrono::milliseconds pause) { return sleep(pause); };
      options.jitter = [] { return 0.5; };
      pipeline_.emplace(std::move(options));
    }
    return *pipeline_;
  }
  template <class T>
  T run(net::Task<T> task) {
    return loop.run_until_done(std::move(task));
  }

  net::EventLoop loop;
  ManualClock clock{from_unix_seconds(1'900'000'000)};
  Script script;
  std::vector<std::int64_t> pauses;  // milliseconds

 private:
  net::Task<void> sleep(std::chrono::milliseconds pause) {
    pauses.push_back(pause.count());
    clock.advance(pause);
    co_return;
  }
  std::optional<Pipeline> pipeline_;
};

}  // namespace ferry::azure
