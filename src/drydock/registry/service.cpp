// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/service.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/log.hpp"
#include "drydock/registry/credentials.hpp"

namespace drydock {

using ferry::fail;
using registry::Endpoint;
using registry::Outcome;
using registry::refuse;
using registry::Scope;
namespace net = ferry::net;

namespace {

constexpr auto kUploadLifetime = std::chrono::hours(24);

struct Need {
  std::string_view type = "repository";
  std::string_view action;
};

Need need_of(const registry::Route& route, std::string_view method) {
  const bool reading = method == "GET" || method == "HEAD";
  switch (route.endpoint) {
    case Endpoint::base:
      return {"", ""};
    case Endpoint::catalog:
      return {"registry", "*"};
    case Endpoint::upload_start:
    case Endpoint::upload:
      return {"repository", "push"};
    case Endpoint::tags:
    case Endpoint::referrers:
      return {"repository", "pull"};
    case Endpoint::blob:
    case Endpoint::manifest:
      break;
  }
  if (reading) return {"repository", "pull"};
  return {"repository", method == "DELETE" ? "delete" : "push"};
}

// Where and with what scope to get a token, as the Docker token protocol has it.
registry::Refusal challenge(const net::HttpRequest& http, const RegistryInfo& registry,
                            const Scope& scope, bool insufficient) {
  registry::Refusal refusal{401, "UNAUTHORIZED",
                            "authentication required, visit https://aka.ms/acr/authorization for "
                            "more information."};
  std::string text = fmt::format(
      "Bearer realm=\"{}://{}/oauth2/token\",service=\"{}\"", http.peer.tls ? "https" : "http",
      http.headers.get_or("Host", registry.login_server), registry.login_server);
  if (!scope.type.empty()) text += fmt::format(",scope=\"{}\"", registry::format_scope(scope));
  if (insufficient) text += ",error=\"insufficient_scope\"";
  refusal.headers.set("WWW-Authenticate", text);
  return refusal;
}

tl::unexpected<registry::Refusal> unsupported(std::string_view method) {
  return refuse(405, "UNSUPPORTED", fmt::format("{} is not supported here", method));
}

}  // namespace

RegistryService::RegistryService(const ferry::Clock& clock, const Directory& directory,
                                 const Endpoints& endpoints, const TokenVerifier& verifier,
                                 registry::RegistryStore store, registry::RegistryFiles files,
                                 ferry::Secret signing_key)
    : clock_(clock),
      directory_(directory),
      endpoints_(endpoints),
      verifier_(verifier),
      store_(std::move(store)),
      files_(std::move(files)),
      signer_(std::move(signing_key), clock) {}

ferry::Result<std::unique_ptr<RegistryService>> RegistryService::open(
    const ferry::Clock& clock, const Directory& directory, const Endpoints& endpoints,
    const TokenVerifier& tokens, const std::filesystem::path& directory_path) {
  auto made = ferry::make_directories(directory_path, 0700);
  if (!made) return fail(std::move(made).error());
  auto store = registry::RegistryStore::open(directory_path / "registry.db");
  if (!store) return fail(std::move(store).error().with("open the Container Registry"));
  auto files = registry::RegistryFiles::open(directory_path / "registry");
  if (!files) return fail(std::move(files).error().with("open the Container Registry"));
  if (auto expired = store->expire_uploads(clock.now() - kUploadLifetime); !expired) {
    return fail(std::move(expired).error());
  }
  auto blobs = store->all_blobs();
  if (!blobs) return fail(std::move(blobs).error());
  auto uploads = store->all_uploads();
  if (!uploads) return fail(std::move(uploads).error());
  auto key = store->signing_key();
  if (!key) return fail(std::move(key).error());
  const std::size_t removed =
      files->collect({blobs->begin(), blobs->end()}, {uploads->begin(), uploads->end()});
  if (removed > 0) ferry::log::info("registry", "removed {} unused files", removed);
  return std::unique_ptr<RegistryService>(new RegistryService(
      clock, directory, endpoints, tokens, *std::move(store), *std::move(files), *std::move(key)));
}

bool RegistryService::Call::may(std::string_view type, std::string_view what,
                                std::string_view action) const {
  if (principal) return principal->may(type, what, action);
  return std::any_of(access.begin(), access.end(), [&](const Scope& scope) {
    return scope.type == type && scope.name == what &&
           std::any_of(scope.actions.begin(), scope.actions.end(),
                       [&](const std::string& held) { return held == action || held == "*"; });
  });
}

net::Task<net::HttpResponse> RegistryService::handle(net::HttpRequest request) {
  Response answered = co_await answer(std::move(request));
  net::HttpResponse response =
      answered ? *std::move(answered) : registry::to_response(answered.error());
  response.headers.set("Server", "Drydock-Registry/1.0");
  response.headers.set("Date", ferry::format_rfc1123(clock_.now()));
  response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  response.headers.set("X-Content-Type-Options", "nosniff");
  co_return response;
}

RegistryService::Reply RegistryService::answer(net::HttpRequest http) {
  const std::string host = http.host();
  auto info = directory_.find_registry(host.substr(0, host.find('.')));
  if (!info) co_return refuse(404, "NAME_UNKNOWN", "there is no container registry of that name");
  const std::string_view path = http.path();
  if (path == "/oauth2/token") co_return token(*info, http);
  if (path == "/oauth2/exchange") co_return exchange(*info, http);
  auto route = registry::parse_route(path);
  Call call;
  call.name = ferry::to_lower(info->name);
  call.registry = *std::move(info);
  call.http = std::move(http);
  if (!route) co_return refuse(std::move(route).error());
  call.route = *std::move(route);
  auto authorized = authorize(call);
  if (!authorized) co_return refuse(std::move(authorized).error());
  co_return co_await dispatch(call);
}

Outcome<void> RegistryService::authorize(Call& call) const {
  const Need need = need_of(call.route, call.http.method);
  Scope wanted{std::string(need.type), call.route.repository, {std::string(need.action)}};
  if (call.route.endpoint == Endpoint::catalog) wanted.name = "catalog";
  // Who pushes also reads what is there already, with the same token.
  if (need.action == "push") wanted.actions = {"pull", "push"};

  const std::string authorization = call.http.headers.get_or("Authorization", "");
  const auto bearer = registry::bearer_token(authorization);
  const auto basic = registry::basic_credentials(authorization);
  if (bearer) {
    auto access = signer_.verify_access(bearer->reveal(), call.registry.login_server);
    if (!access) return refuse(challenge(call.http, call.registry, wanted, false));
    call.access = *std::move(access);
  } else if (basic) {
    call.principal =
        registry::authenticate(call.registry, basic->user, basic->password, clock_.now());
    if (!call.principal) return refuse(challenge(call.http, call.registry, wanted, false));
  } else {
    return refuse(challenge(call.http, call.registry, wanted, false));
  }
  if (need.action.empty() || call.may(wanted.type, wanted.name, need.action)) return {};
  if (call.route.endpoint == Endpoint::tags &&
      call.may(wanted.type, wanted.name, "metadata_read")) {
    return {};
  }
  if (call.principal) {
    return refuse(403, "DENIED", "requested access to the resource is denied");
  }
  return refuse(challenge(call.http, call.registry, wanted, true));
}

RegistryService::Reply RegistryService::dispatch(Call& call) {
  const std::string method = call.http.method == "HEAD" ? "GET" : call.http.method;
  switch (call.route.endpoint) {
    case Endpoint::base:
      if (method != "GET") co_return unsupported(method);
      co_return registry::json_response(200, "{}");
    case Endpoint::catalog:
      if (method != "GET") co_return unsupported(method);
      co_return catalog(call);
    case Endpoint::tags:
      if (method != "GET") co_return unsupported(method);
      co_return list_tags(call);
    case Endpoint::referrers:
      if (method != "GET") co_return unsupported(method);
      co_return list_referrers(call);
    case Endpoint::blob:
      if (method == "GET") co_return co_await get_blob(call);
      if (method == "DELETE") co_return delete_blob(call);
      co_return unsupported(method);
    case Endpoint::upload_start:
      if (method == "POST") co_return co_await start_upload(call);
      co_return unsupported(method);
    case Endpoint::upload:
      if (method == "PATCH") co_return co_await continue_upload(call);
      if (method == "PUT") co_return co_await finish_upload(call);
      if (method == "GET") co_return upload_status(call);
      if (method == "DELETE") co_return cancel_upload(call);
      co_return unsupported(method);
    case Endpoint::manifest:
      if (method == "GET") co_return get_manifest(call);
      if (method == "PUT") co_return put_manifest(call);
      if (method == "DELETE") co_return delete_manifest(call);
      co_return unsupported(method);
  }
  co_return unsupported(method);
}

void RegistryService::on_deleted(ResourceKind kind, std::string_view name) {
  if (kind != ResourceKind::container_registry) return;
  const std::string lower = ferry::to_lower(name);
  auto uploads = store_.delete_registry(lower);
  if (!uploads) {
    ferry::log::error("registry", "{}",
                      std::move(uploads).error().with("forget registry {}", name).describe());
    return;
  }
  for (const std::string& upload : *uploads) files_.remove_upload(upload);
  files_.remove_registry(lower);
}

}  // namespace drydock
