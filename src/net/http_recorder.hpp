// SPDX-License-Identifier: Apache-2.0
// Writes what an HTTP server was asked and what it answered, one JSON file per exchange, so that
// traffic can be held against API descriptions afterwards. Each file has the shape that Microsoft's
// `oav validate-traffic` reads (liveRequest, liveResponse), and beside it the order in which the
// answers were given, and when and how long it took.
//
// Secrets do not get into the files: credentials in headers, queries, forms and JSON keep their
// name and their place, and their value is "REDACTED" (see redaction.hpp). Bodies that are neither
// JSON nor forms are told by their length alone.
#pragma once

#include <filesystem>

#include "base/json.hpp"
#include "net/http.hpp"

namespace ferry::net {

class HttpRecorder {
 public:
  struct Limits {
    std::size_t exchanges = 20'000;           // later ones are not written; a warning says so once
    std::size_t body = std::size_t{1} << 19;  // longer ones are told by their length
  };

  // Makes `directory` when absent and goes on counting where its files end.
  static Result<std::shared_ptr<HttpRecorder>> open(std::filesystem::path directory, Limits limits);
  static Result<std::shared_ptr<HttpRecorder>> open(std::filesystem::path directory) {
    return open(std::move(directory), Limits());
  }

  // `handler`, with every exchange recorded once it is answered.
  static HttpHandler wrap(std::shared_ptr<HttpRecorder> recorder, HttpHandler handler);

 private:
  HttpRecorder(std::filesystem::path directory, Limits limits, std::size_t count);
  static Task<HttpResponse> record(std::shared_ptr<HttpRecorder> recorder, HttpHandler handler,
                                   HttpRequest request);
  void write(json::object exchange);

  std::filesystem::path directory_;
  Limits limits_;
  std::size_t count_;  // of files written, those of earlier processes included
};

// FERRY_RECORD/PROGRAM-PID when that environment variable is set, so that a test can have
// everything recorded that is started below it.
std::optional<std::filesystem::path> recordings_from_environment(std::string_view program);

}  // namespace ferry::net
