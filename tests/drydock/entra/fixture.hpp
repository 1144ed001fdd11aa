// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "drydock/entra/entra.hpp"
#include "net/task.hpp"

namespace drydock {

// An Entra in a directory of its own, at a time that tests choose.
class EntraFixture : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/drydock-entra-XXXXXX";
    directory_ = mkdtemp(pattern);
    open();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void open() {
    entra_.reset();
    auto opened = Entra::open(directory_ / "entra.db", endpoints_, clock_);
    ASSERT_TRUE(opened) << opened.error().describe();
    entra_ = *std::move(opened);
  }
  // The state as a command beside the running server opens it.
  entra::Principals principals() {
    return entra::Principals::open(directory_ / "entra.db", clock_).value();
  }

  ferry::net::HttpResponse send(std::string method, std::string target, std::string body = "",
                                ferry::net::Headers headers = {}) {
    ferry::net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return loop_.run_until_done(entra_->handle(std::move(request)));
  }
  ferry::net::HttpResponse post_token(const ferry::FormFields& form) {
    return send("POST", token_path(), ferry::format_form(form));
  }
  ferry::json::object body_of(const ferry::net::HttpResponse& response) {
    auto object = ferry::parse_json_object(response.body);
    EXPECT_TRUE(object) << response.body;
    return object.value_or(ferry::json::object());
  }
  int error_number(const ferry::net::HttpResponse& response) {
    const ferry::json::object body = body_of(response);
    const ferry::json::array* numbers = ferry::find_array(body, "error_codes");
    return numbers == nullptr ? 0 : numbers->front().to_number<int>();
  }
  ferry::json::object claims_of(std::string_view jwt) {
    const auto parts = ferry::split(jwt, '.');
    if (parts.size() != 3) return {};
    return ferry::parse_json_object(ferry::base64url_decode(parts[1]).value()).value();
  }
  std::string token_path() const {
    return "/" + entra_->application().tenant_id + "/oauth2/v2.0/token";
  }
  ferry::FormFields credentials() const {
    return {{"grant_type", "client_credentials"},
            {"client_id", entra_->application().client_id},
            {"client_secret", entra_->application().client_secret.reveal()},
            {"scope", "https://management.core.windows.net//.default"},
            {"client_info", "1"},
            {"x-client-SKU", "an unknown field"}};
  }
  std::string token() {
    return ferry::string_or(body_of(post_token(credentials())), "access_token", "");
  }

  ferry::net::EventLoop loop_;
  Endpoints endpoints_;
  ferry::ManualClock clock_{ferry::from_unix_seconds(1'800'000'000)};
  std::filesystem::path directory_;
  std::unique_ptr<Entra> entra_;
};

}  // namespace drydock
