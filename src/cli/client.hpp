// SPDX-License-Identifier: Apache-2.0
// ferryd's HTTP API (docs/api.md) as the CLI sees it.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "cli/profile.hpp"
#include "net/http_client.hpp"

namespace ferry::cli {

// "/api/v1/workspaces/plant-a" from {"workspaces", "plant-a"}; each segment is percent-encoded.
std::string api_path(std::initializer_list<std::string_view> segments);

struct Reply {
  int status = 0;
  json::value body;  // null when there was none
  bool ok() const { return status >= 200 && status < 300; }
};

// The error that a refusing reply carries: its own code, message and hint when it has the API's
// error body, else what the status says.
Error error_of(const Reply& reply);

// Belongs to one loop.
class Client {
 public:
  // Reads the profile's CA file.
  static Result<Client> create(const Profile& profile);

  // One exchange, whatever the status. An Error means that there was no usable answer at all.
  net::Task<Result<Reply>> exchange(std::string method, std::string path,
                                    json::value body = nullptr);
  // As exchange, but a refusal is an Error too.
  net::Task<Result<json::value>> get(std::string path);
  // Every page of a long list, as one {"value": [...]}.
  net::Task<Result<json::value>> get_all(std::string path);
  net::Task<Result<json::value>> post(std::string path, json::value body);
  net::Task<Result<json::value>> remove(std::string path);
  // As the holder of `bearer` instead of the profile's token; empty: as nobody.
  net::Task<Result<json::value>> post_as(Secret bearer, std::string path, json::value body);
  // Sends bytes as they are; the answer may be empty.
  net::Task<Result<json::value>> send_bytes(std::string method, std::string path,
                                            net::Headers headers, std::string bytes);
  net::Task<Result<std::string>> get_text(std::string path);
  // Server-sent events, until the stream ends or `on_event` gives an Error. Success is a stream
  // that was there and ended; a refusal is an Error.
  using OnEvent = std::function<Result<void>(std::string name, json::value data)>;
  net::Task<Result<void>> listen(std::string path, OnEvent on_event);

 private:
  Client(std::string url, Secret token, net::HttpClient http)
      : url_(std::move(url)), token_(std::move(token)), http_(std::move(http)) {}
  net::Task<Result<net::HttpResponse>> send(net::HttpCall call);

  std::string url_;
  Secret token_;
  net::HttpClient http_;
};

}  // namespace ferry::cli
