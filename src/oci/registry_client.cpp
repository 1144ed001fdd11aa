// SPDX-License-Identifier: Apache-2.0
// The calls of the distribution protocol, one function each.
#include "oci/registry_client.hpp"

#include "base/json.hpp"
#include "oci/digest.hpp"
#include "oci/reference.hpp"
#include "oci/registry_error.hpp"

namespace ferry::oci {
namespace {

constexpr int kUploadAttempts = 3;

std::string pull_scope(std::string_view repository) {
  return fmt::format("repository:{}:pull", repository);
}

std::string push_scope(std::string_view repository) {
  return fmt::format("repository:{}:pull,push", repository);
}

std::string blob_target(std::string_view repository, std::string_view digest) {
  return fmt::format("/v2/{}/blobs/{}", repository, digest);
}

std::string manifest_target(std::string_view repository, std::string_view selector) {
  return fmt::format("/v2/{}/manifests/{}", repository, selector);
}

net::Headers accepted_manifests() {
  net::Headers headers;
  for (auto type : {media::kIndex, media::kManifest, media::kDockerList, media::kDockerManifest}) {
    headers.add("Accept", std::string(type));
  }
  return headers;
}

Result<void> check_names(std::string_view repository, std::string_view digest) {
  if (!is_repository(repository)) {
    return fail(Code::invalid_argument, "'{}' is not a repository name", repository);
  }
  if (!is_digest(digest)) return fail(Code::invalid_argument, "'{}' is not a digest", digest);
  return {};
}

Result<void> check_selector(std::string_view repository, std::string_view selector) {
  if (!is_repository(repository)) {
    return fail(Code::invalid_argument, "'{}' is not a repository name", repository);
  }
  if (!is_digest(selector) && !is_tag(selector)) {
    return fail(Code::invalid_argument, "'{}' is neither a tag nor a digest", selector);
  }
  return {};
}

std::string without_parameters(std::string_view content_type) {
  return std::string(trim(content_type.substr(0, content_type.find(';'))));
}

// Link: </v2/app/tags/list?last=b&n=2>; rel="next"
std::string next_page(const net::HttpResponse& response) {
  const std::string link = response.headers.get_or("Link", "");
  const auto open = link.find('<');
  const auto close = link.find('>');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  if (link.find("next", close) == std::string::npos) return {};
  std::string target = link.substr(open + 1, close - open - 1);
  return target.starts_with("/v2/") ? target : std::string();
}

}  // namespace

net::Task<Result<void>> RegistryClient::ping() {
  Exchange ask{.method = "GET", .target = "/v2/", .scope = ""};
  auto response = co_await send(std::move(ask));
  if (!response) co_return fail(std::move(response).error());
  co_return Result<void>();
}

net::Task<Result<bool>> RegistryClient::has_blob(std::string repository, std::string digest) {
  if (auto named = check_names(repository, digest); !named)
    co_return fail(std::move(named).error());
  Exchange ask{
      .method = "HEAD", .target = blob_target(repository, digest), .scope = push_scope(repository)};
  auto response = co_await exchange(std::move(ask));
  if (!response) co_return fail(std::move(response).error());
  if (response->status == 404) co_return false;
  if (response->status >= 400) {
    co_return fail(read_registry_error(*response, "HEAD " + blob_target(repository, digest)));
  }
  co_return true;
}

Result<std::string> RegistryClient::upload_address(const net::HttpResponse& response) const {
  const std::string location = response.headers.get_or("Location", "");
  if (location.empty()) return fail(Code::unavailable, "the registry gave no upload address");
  if (location.front() == '/') return location;
  auto address = net::parse_url(location);
  auto home = net::parse_url(scheme_ + "://" + options_.host + "/");
  if (!address || !home) return fail(Code::unavailable, "the upload address is malformed");
  // Credentials and image bytes go to the registry that was named, and nowhere else.
  if (address->authority() != home->authority()) {
    return fail(Code::permission_denied, "the registry wants the upload at another host, {}",
                address->authority());
  }
  return address->target;
}

net::Task<Result<void>> RegistryClient::upload(std::string repository, std::string digest,
                                               std::string bytes) {
  Exchange begin{.method = "POST",
                 .target = fmt::format("/v2/{}/blobs/uploads/", repository),
                 .scope = push_scope(repository)};
  auto begun = co_await send(std::move(begin));
  if (!begun) co_return fail(std::move(begun).error());
  auto address = upload_address(*begun);
  if (!address) co_return fail(std::move(address).error());
  const char* joint = address->find('?') == std::string::npos ? "?" : "&";
  Exchange put{.method = "PUT",
               .target = *address + joint + "digest=" + percent_encode(digest),
               .scope = push_scope(repository)};
  put.headers.set("Content-Type", "application/octet-stream");
  put.body = std::move(bytes);
  put.repeatable = false;  // the session may have taken a part
  auto stored = co_await send(std::move(put));
  if (!stored) co_return fail(std::move(stored).error());
  co_return Result<void>();
}

net::Task<Result<void>> RegistryClient::push_blob(std::string repository, std::string digest,
                                                  std::string bytes) {
  auto present = co_await has_blob(repository, digest);
  if (!present) co_return fail(std::move(present).error());
  if (*present) co_return Result<void>();
  for (int attempt = 1;; ++attempt) {
    auto sent = co_await upload(repository, digest, bytes);
    const bool lost = !sent && sent.error().code == Code::unavailable;
    if (sent || !lost || attempt == kUploadAttempts) {
      if (!sent) co_return fail(std::move(sent).error().with("push blob {}", digest));
      co_return sent;
    }
    co_await options_.sleep(std::chrono::milliseconds(500) * attempt);
  }
}

net::Task<Result<bool>> RegistryClient::mount_blob(std::string repository, std::string digest,
                                                   std::string from_repository) {
  if (auto named = check_names(repository, digest); !named)
    co_return fail(std::move(named).error());
  Exchange mount{.method = "POST",
                 .target = fmt::format("/v2/{}/blobs/uploads/?mount={}&from={}", repository,
                                       percent_encode(digest), percent_encode(from_repository)),
                 .scope = push_scope(repository) + " " + pull_scope(from_repository)};
  auto response = co_await exchange(std::move(mount));
  if (!response) co_return fail(std::move(response).error());
  if (response->status == 201) co_return true;
  if (response->status != 202) {
    // Without the right to read the other repository, or the blob in it, uploading is still open.
    if (response->status == 403 || response->status == 404) co_return false;
    co_return fail(read_registry_error(*response, "mount blob " + digest));
  }
  // An ordinary upload was begun instead; it is not wanted.
  auto address = upload_address(*response);
  if (address) {
    Exchange cancel{.method = "DELETE", .target = *address, .scope = push_scope(repository)};
    auto cancelled = co_await exchange(std::move(cancel));
    static_cast<void>(cancelled);  // the registry drops it by itself in time
  }
  co_return false;
}

net::Task<Result<std::string>> RegistryClient::get_blob(std::string repository,
                                                        std::string digest) {
  if (auto named = check_names(repository, digest); !named)
    co_return fail(std::move(named).error());
  Exchange ask{
      .method = "GET", .target = blob_target(repository, digest), .scope = pull_scope(repository)};
  auto response = co_await send(std::move(ask));
  if (!response) co_return fail(std::move(response).error());
  if (!matches_digest(response->body, digest)) {
    co_return fail(Code::internal, "blob {} of {}/{} has other content than its digest says",
                   digest, options_.host, repository);
  }
  co_return std::move(response->body);
}

net::Task<Result<std::string>> RegistryClient::put_manifest(std::string repository,
                                                            std::string selector,
                                                            std::string media_type,
                                                            std::string body) {
  if (auto named = check_selector(repository, selector); !named) {
    co_return fail(std::move(named).error());
  }
  const std::string digest = sha256_digest(body);
  Exchange put{.method = "PUT",
               .target = manifest_target(repository, selector),
               .scope = push_scope(repository)};
  put.headers.set("Content-Type", std::move(media_type));
  put.body = std::move(body);
  auto response = co_await send(std::move(put));
  if (!response) co_return fail(std::move(response).error());
  const std::string stored = response->headers.get_or("Docker-Content-Digest", digest);
  if (stored != digest) {
    co_return fail(Code::internal, "the registry stored the manifest as {} instead of {}", stored,
                   digest);
  }
  co_return digest;
}

net::Task<Result<StoredManifest>> RegistryClient::get_manifest(std::string repository,
                                                               std::string selector) {
  if (auto named = check_selector(repository, selector); !named) {
    co_return fail(std::move(named).error());
  }
  Exchange ask{.method = "GET",
               .target = manifest_target(repository, selector),
               .scope = pull_scope(repository),
               .headers = accepted_manifests()};
  auto response = co_await send(std::move(ask));
  if (!response) co_return fail(std::move(response).error());
  StoredManifest manifest;
  manifest.media_type = without_parameters(response->headers.get_or("Content-Type", ""));
  manifest.body = std::move(response->body);
  manifest.digest = sha256_digest(manifest.body);
  const std::string promised =
      is_digest(selector) ? selector : response->headers.get_or("Docker-Content-Digest", "");
  if (promised.starts_with("sha256:") && promised != manifest.digest) {
    co_return fail(Code::internal, "manifest {} of {}/{} has other content than its digest says",
                   promised, options_.host, repository);
  }
  co_return manifest;
}

net::Task<Result<std::string>> RegistryClient::head_manifest(std::string repository,
                                                             std::string selector) {
  if (auto named = check_selector(repository, selector); !named) {
    co_return fail(std::move(named).error());
  }
  Exchange ask{.method = "HEAD",
               .target = manifest_target(repository, selector),
               .scope = pull_scope(repository),
               .headers = accepted_manifests()};
  auto response = co_await send(std::move(ask));
  if (!response) co_return fail(std::move(response).error());
  std::string digest = response->headers.get_or("Docker-Content-Digest", "");
  if (is_digest(digest)) co_return digest;
  // Registries may leave the header out; the body tells.
  auto manifest = co_await get_manifest(std::move(repository), std::move(selector));
  if (!manifest) co_return fail(std::move(manifest).error());
  co_return std::move(manifest->digest);
}

net::Task<Result<void>> RegistryClient::delete_manifest(std::string repository,
                                                        std::string digest) {
  if (auto named = check_names(repository, digest); !named)
    co_return fail(std::move(named).error());
  Exchange remove{.method = "DELETE",
                  .target = manifest_target(repository, digest),
                  .scope = fmt::format("repository:{}:delete", repository)};
  auto response = co_await send(std::move(remove));
  if (!response && response.error().code != Code::not_found) {
    co_return fail(std::move(response).error());
  }
  co_return Result<void>();
}

net::Task<Result<std::vector<std::string>>> RegistryClient::list_tags(std::string repository) {
  if (!is_repository(repository)) {
    co_return fail(Code::invalid_argument, "'{}' is not a repository name", repository);
  }
  std::vector<std::string> tags;
  std::string target = fmt::format("/v2/{}/tags/list?n=500", repository);
  while (!target.empty()) {
    Exchange ask{.method = "GET", .target = target, .scope = pull_scope(repository)};
    auto response = co_await send(std::move(ask));
    if (!response) co_return fail(std::move(response).error());
    auto body = parse_json_object(response->body);
    if (!body) co_return fail(std::move(body).error().with("list the tags of {}", repository));
    if (const auto* names = find_array(*body, "tags")) {
      for (const auto& name : *names) {
        if (name.is_string()) tags.emplace_back(name.get_string());
      }
    }
    target = next_page(*response);
  }
  co_return tags;
}

}  // namespace ferry::oci
