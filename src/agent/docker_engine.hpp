// SPDX-License-Identifier: Apache-2.0
// The Docker Engine over its Unix socket: only the calls that running modules takes. Thin: it
// decides nothing. Errors carry the engine's own message.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/composition.hpp"
#include "agent/docker_stream.hpp"
#include "agent/reconcile.hpp"
#include "net/http_client.hpp"

namespace ferry::agent {

struct EngineVersion {
  std::string engine;  // "20.10.24"
  std::string api;     // negotiated
  std::string os;
  std::string architecture;
  std::string root;  // directory with the images; empty when the engine does not say
};

struct LogRequest {
  std::optional<int> tail;            // nothing: all
  std::optional<std::int64_t> since;  // Unix seconds
  std::optional<std::int64_t> until;
  std::size_t limit = 0;  // bytes to keep
};

class DockerEngine {
 public:
  // `address`: "unix:///var/run/docker.sock" or a path.
  static Result<DockerEngine> create(std::string_view address);

  // Asks for the engine's version and settles on the newest API that both sides know. Done by
  // itself before the first call; again after the engine was away.
  net::Task<Result<EngineVersion>> negotiate();

  // Containers with this instance's label, all states, inspected.
  net::Task<Result<std::vector<ObservedContainer>>> list(std::string instance);
  net::Task<Result<std::string>> create_container(std::string name, std::string body);  // id
  net::Task<Result<void>> start(std::string id);
  // SIGTERM, and SIGKILL after `grace`.
  net::Task<Result<void>> stop(std::string id, std::chrono::seconds grace);
  net::Task<Result<void>> remove(
      std::string id);  // with its anonymous volumes; done when it is gone
  net::Task<Result<LogDemux>> logs(std::string id, LogRequest request);

  net::Task<Result<bool>> has_image(std::string image);
  // `progress` is told while bytes arrive; returning an error ends the pull. Borrowed until done.
  net::Task<Result<void>> pull(std::string image, std::optional<RegistryCredential> credential,
                               std::function<Result<void>(const PullProgress&)> progress);
  // Not an error when it is gone already, or when something else still uses it.
  net::Task<Result<void>> remove_image(std::string image);
  net::Task<Result<void>> ensure_network(std::string name);

 private:
  explicit DockerEngine(std::filesystem::path socket);
  net::Task<Result<net::HttpResponse>> call(net::HttpCall call, std::string target);
  std::unique_ptr<net::HttpClient> http_;
  std::string api_;  // "1.41"; empty before negotiation
};

// X-Registry-Auth: base64url, with padding, of {"username","password","serveraddress"}.
Secret registry_auth_header(const RegistryCredential& credential);
// The query of POST /images/create. Without tag or digest the engine would pull every tag there is.
std::string pull_query(std::string_view image);

}  // namespace ferry::agent
