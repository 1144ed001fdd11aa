// SPDX-License-Identifier: Apache-2.0
// Listing tags, repositories and referrers (OCI distribution 1.1, "Content discovery").
#include <charconv>

#include "drydock/registry/service.hpp"

namespace drydock {

using registry::Outcome;
using registry::refuse;
namespace json = ferry::json;
namespace net = ferry::net;

namespace {

constexpr std::int64_t kDefaultPage = 100;
constexpr std::int64_t kMaxPage = 1000;

struct Page {
  std::int64_t size = kDefaultPage;
  std::string last;
};

Outcome<Page> page_of(const net::HttpRequest& http) {
  Page page;
  page.last = http.query_value("last").value_or("");
  const std::string text = http.query_value("n").value_or("");
  if (text.empty()) return page;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), page.size);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || page.size < 0) {
    return refuse(400, "PAGINATION_NUMBER_INVALID", "n must be a whole number");
  }
  page.size = std::min(page.size, kMaxPage);
  return page;
}

// `names` holds one more than the page when there is a next one: that goes, and Link is set.
void cut_page(std::vector<std::string>& names, const Page& page, std::string_view path,
              net::Headers& headers) {
  if (names.size() <= static_cast<std::size_t>(page.size)) return;
  names.resize(static_cast<std::size_t>(page.size));
  if (names.empty()) return;
  headers.set("Link", fmt::format("<{}?last={}&n={}>; rel=\"next\"", path,
                                  ferry::percent_encode(names.back()), page.size));
}

json::array array_of(const std::vector<std::string>& names) {
  json::array array;
  for (const std::string& name : names) array.emplace_back(name);
  return array;
}

// The descriptor that the referrers list shows of a manifest.
json::object descriptor_of(const registry::Manifest& manifest) {
  json::object descriptor = {{"mediaType", manifest.media_type},
                             {"digest", manifest.digest},
                             {"size", std::int64_t(manifest.content.size())}};
  if (!manifest.artifact_type.empty()) descriptor["artifactType"] = manifest.artifact_type;
  const auto document = ferry::parse_json_object(manifest.content);
  if (!document) return descriptor;
  if (const json::object* annotations = ferry::find_object(*document, "annotations")) {
    descriptor["annotations"] = *annotations;
  }
  return descriptor;
}

}  // namespace

RegistryService::Response RegistryService::list_tags(const Call& call) {
  const std::string& repository = call.route.repository;
  auto page = page_of(call.http);
  if (!page) return refuse(std::move(page).error());
  auto known = store_.has_repository(call.name, repository);
  if (!known) return registry::refuse_internal(known.error());
  if (!*known) return refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
  auto tags = store_.tags(call.name, repository, page->last, page->size + 1);
  if (!tags) return registry::refuse_internal(tags.error());
  net::HttpResponse response = registry::json_response(200, "");
  cut_page(*tags, *page, fmt::format("/v2/{}/tags/list", repository), response.headers);
  response.body = json::serialize(json::object{{"name", repository}, {"tags", array_of(*tags)}});
  return response;
}

RegistryService::Response RegistryService::catalog(const Call& call) {
  auto page = page_of(call.http);
  if (!page) return refuse(std::move(page).error());
  auto names = store_.repositories(call.name, page->last, page->size + 1);
  if (!names) return registry::refuse_internal(names.error());
  net::HttpResponse response = registry::json_response(200, "");
  cut_page(*names, *page, "/v2/_catalog", response.headers);
  response.body = json::serialize(json::object{{"repositories", array_of(*names)}});
  return response;
}

RegistryService::Response RegistryService::list_referrers(const Call& call) {
  auto manifests = store_.referrers(call.name, call.route.repository, call.route.reference);
  if (!manifests) return registry::refuse_internal(manifests.error());
  const std::string wanted = call.http.query_value("artifactType").value_or("");
  json::array descriptors;
  for (const registry::Manifest& manifest : *manifests) {
    if (wanted.empty() || manifest.artifact_type == wanted) {
      descriptors.push_back(descriptor_of(manifest));
    }
  }
  net::HttpResponse response = registry::json_response(
      200, json::serialize(json::object{{"schemaVersion", 2},
                                        {"mediaType", "application/vnd.oci.image.index.v1+json"},
                                        {"manifests", std::move(descriptors)}}));
  response.headers.set("Content-Type", "application/vnd.oci.image.index.v1+json");
  if (!wanted.empty()) response.headers.set("OCI-Filters-Applied", "artifactType");
  return response;
}

}  // namespace drydock
