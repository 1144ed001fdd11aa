// SPDX-License-Identifier: Apache-2.0
// A Blob Storage with one account on a clock that stands still, and a client that signs.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/crypto.hpp"
#include "drydock/blob/service.hpp"
#include "drydock/blob/shared_key.hpp"

namespace drydock::blob {

inline const ferry::Timestamp kNow = *ferry::parse_rfc3339("2026-11-22T10:00:00Z");

class FakeDirectory final : public Directory {
 public:
  StorageAccountInfo account{"plant", ferry::Secret(ferry::base64_encode("the first key")),
                             ferry::Secret(ferry::base64_encode("the second key"))};

  std::optional<HubInfo> find_hub(std::string_view) const override { return std::nullopt; }
  std::optional<ProvisioningServiceInfo> find_provisioning_service(
      std::string_view) const override {
    return std::nullopt;
  }
  std::optional<ProvisioningServiceInfo> find_provisioning_service_by_scope(
      std::string_view) const override {
    return std::nullopt;
  }
  std::optional<StorageAccountInfo> find_storage_account(std::string_view name) const override {
    if (!ferry::equals_ignore_case(name, account.name)) return std::nullopt;
    return account;
  }
  std::optional<RegistryInfo> find_registry(std::string_view) const override {
    return std::nullopt;
  }
};

class FakeVerifier final : public TokenVerifier {
 public:
  std::optional<TokenIdentity> verify(std::string_view jwt,
                                      const std::vector<std::string>& audiences) const override {
    if (jwt != "good-token") return std::nullopt;
    return TokenIdentity{"object", "application", audiences.front()};
  }
};

class BlobTest : public ::testing::Test {
 protected:
  BlobTest() {
    std::string text = (std::filesystem::temp_directory_path() / "blob-test-XXXXXX").string();
    directory_path = ::mkdtemp(text.data());
    reopen();
  }
  ~BlobTest() override {
    service.reset();
    std::filesystem::remove_all(directory_path);
  }

  void reopen() {
    service.reset();
    auto opened = BlobService::open(clock, directory, endpoints, verifier, directory_path);
    ASSERT_TRUE(opened) << opened.error().describe();
    service = *std::move(opened);
  }

  static net::HttpRequest request(std::string method, std::string target, std::string body = "",
                                  net::Headers headers = {}) {
    net::HttpRequest http{
        std::move(method), std::move(target), std::move(headers), std::move(body), {}};
    http.headers.set("Host", "plant.blob.core.drydock.localhost");
    http.headers.set("x-ms-version", "2023-11-03");
    if (!http.body.empty()) http.headers.set("Content-Length", std::to_string(http.body.size()));
    http.peer.tls = true;
    http.peer.address = "127.0.0.1:40000";
    return http;
  }

  void sign_request(net::HttpRequest& http, const ferry::Secret& key) const {
    http.headers.set("x-ms-date", ferry::format_rfc1123(clock.now()));
    http.headers.set("Authorization",
                     "SharedKey plant:" + *sign(key, string_to_sign(http, "plant")));
  }

  net::HttpResponse send(net::HttpRequest http) {
    return loop.run_until_done(service->handle(std::move(http)));
  }

  // Signed with the first key.
  net::HttpResponse call(std::string method, std::string target, std::string body = "",
                         net::Headers headers = {}) {
    net::HttpRequest http =
        request(std::move(method), std::move(target), std::move(body), std::move(headers));
    sign_request(http, directory.account.key1);
    return send(std::move(http));
  }

  net::HttpResponse put(std::string target, std::string body, net::Headers headers = {}) {
    headers.set("x-ms-blob-type", "BlockBlob");
    return call("PUT", std::move(target), std::move(body), std::move(headers));
  }

  static std::string code(const net::HttpResponse& response) {
    return response.headers.get_or("x-ms-error-code", "");
  }

  std::size_t content_files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(directory_path / "blobs")) {
      ++count;
    }
    return count;
  }

  net::EventLoop loop;
  ferry::ManualClock clock{kNow};
  FakeDirectory directory;
  FakeVerifier verifier;
  Endpoints endpoints;
  std::filesystem::path directory_path;
  std::unique_ptr<BlobService> service;
};

}  // namespace drydock::blob
