// SPDX-License-Identifier: Apache-2.0
// Manifests (OCI distribution 1.1, "Pushing manifests"): kept byte for byte, checked before they
// are.
#include <algorithm>
#include <array>

#include "drydock/registry/service.hpp"

namespace drydock {

using registry::Manifest;
using registry::Outcome;
using registry::refuse;
namespace json = ferry::json;
namespace net = ferry::net;

namespace {

constexpr std::size_t kMaxManifest = 4 << 20;
constexpr std::array<std::string_view, 4> kMediaTypes = {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
};

tl::unexpected<registry::Refusal> invalid(std::string message) {
  return refuse(400, "MANIFEST_INVALID", std::move(message));
}

Outcome<std::string> digest_in(const json::value& descriptor) {
  const std::string digest =
      descriptor.is_object() ? ferry::string_or(descriptor.as_object(), "digest", "") : "";
  if (!registry::valid_digest(digest)) return invalid("a descriptor has no valid digest");
  return digest;
}

// A layer that lives elsewhere (Docker's foreign layers) need not be in the registry.
bool is_foreign(const json::value& descriptor) {
  const json::array* urls = ferry::find_array(descriptor.as_object(), "urls");
  return urls && !urls->empty();
}

}  // namespace

Outcome<Manifest> RegistryService::read_manifest(const Call& call) {
  const std::string& body = call.http.body;
  if (body.size() > kMaxManifest) {
    return refuse(413, "MANIFEST_INVALID", "the manifest is larger than 4 MiB");
  }
  const std::string type = call.http.headers.get_or("Content-Type", "");
  const std::string media_type(ferry::trim(std::string_view(type).substr(0, type.find(';'))));
  if (std::find(kMediaTypes.begin(), kMediaTypes.end(), media_type) == kMediaTypes.end()) {
    return invalid(fmt::format("manifests of type '{}' are not supported", media_type));
  }
  auto document = ferry::parse_json_object(body);
  if (!document) return invalid(document.error().message);
  if (ferry::int_or(*document, "schemaVersion", 0) != 2) return invalid("schemaVersion must be 2");
  if (ferry::string_or(*document, "mediaType", media_type) != media_type) {
    return invalid("mediaType and Content-Type differ");
  }
  Manifest manifest;
  manifest.digest = registry::digest_of(body);
  manifest.media_type = media_type;
  manifest.content = body;
  manifest.artifact_type = ferry::string_or(*document, "artifactType", "");
  const json::object* config = ferry::find_object(*document, "config");
  if (manifest.artifact_type.empty() && config) {
    manifest.artifact_type = ferry::string_or(*config, "mediaType", "");
  }
  if (const json::value* subject = document->if_contains("subject");
      subject && !subject->is_null()) {
    auto digest = digest_in(*subject);
    if (!digest) return refuse(std::move(digest).error());
    manifest.subject = *std::move(digest);
  }
  auto complete = check_references(call, *document);
  if (!complete) return refuse(std::move(complete).error());
  return manifest;
}

// Everything but the subject must be here already, or an image could be pulled half only.
Outcome<void> RegistryService::check_references(const Call& call, const json::object& document) {
  std::vector<const json::value*> blobs;
  if (const json::array* children = ferry::find_array(document, "manifests")) {
    for (const json::value& child : *children) {
      auto digest = digest_in(child);
      if (!digest) return refuse(std::move(digest).error());
      auto found = store_.find_manifest(call.name, call.route.repository, *digest);
      if (!found) return registry::refuse_internal(found.error());
      if (!*found) {
        return refuse(400, "MANIFEST_BLOB_UNKNOWN", fmt::format("unknown manifest {}", *digest));
      }
    }
    return {};
  }
  const json::value* config = document.if_contains("config");
  const json::array* layers = ferry::find_array(document, "layers");
  if (!config || !layers) return invalid("an image manifest has a config and layers");
  blobs.push_back(config);
  for (const json::value& layer : *layers) blobs.push_back(&layer);
  for (const json::value* descriptor : blobs) {
    auto digest = digest_in(*descriptor);
    if (!digest) return refuse(std::move(digest).error());
    if (is_foreign(*descriptor)) continue;
    auto size = store_.find_blob(call.name, call.route.repository, *digest);
    if (!size) return registry::refuse_internal(size.error());
    if (!*size) {
      return refuse(400, "MANIFEST_BLOB_UNKNOWN", fmt::format("unknown blob {}", *digest));
    }
    const std::int64_t stated = ferry::int_or(descriptor->as_object(), "size", -1);
    if (stated != static_cast<std::int64_t>(**size)) {
      return invalid(fmt::format("the size of {} is {}, not {}", *digest, **size, stated));
    }
  }
  return {};
}

RegistryService::Response RegistryService::put_manifest(const Call& call) {
  auto manifest = read_manifest(call);
  if (!manifest) return refuse(std::move(manifest).error());
  const std::string& reference = call.route.reference;
  const bool by_digest = registry::valid_digest(reference);
  if (by_digest && reference != manifest->digest) {
    return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  auto stored = store_.put_manifest(call.name, call.route.repository, *manifest,
                                    by_digest ? std::string_view() : std::string_view(reference));
  if (!stored) return registry::refuse_internal(stored.error());
  net::HttpResponse response;
  response.status = 201;
  response.headers.set("Location",
                       fmt::format("/v2/{}/manifests/{}", call.route.repository, manifest->digest));
  response.headers.set("Docker-Content-Digest", manifest->digest);
  if (!manifest->subject.empty()) response.headers.set("OCI-Subject", manifest->subject);
  return response;
}

RegistryService::Response RegistryService::get_manifest(const Call& call) {
  auto manifest = store_.find_manifest(call.name, call.route.repository, call.route.reference);
  if (!manifest) return registry::refuse_internal(manifest.error());
  if (!*manifest) {
    return refuse(404, "MANIFEST_UNKNOWN",
                  fmt::format("manifest tagged by \"{}\" is not found", call.route.reference));
  }
  net::HttpResponse response;
  response.headers.set("Content-Type", (*manifest)->media_type);
  response.headers.set("Docker-Content-Digest", (*manifest)->digest);
  response.headers.set("ETag", fmt::format("\"{}\"", (*manifest)->digest));
  response.body = std::move((*manifest)->content);
  return response;
}

RegistryService::Response RegistryService::delete_manifest(const Call& call) {
  auto removed = store_.remove_manifest(call.name, call.route.repository, call.route.reference);
  if (!removed) return registry::refuse_internal(removed.error());
  if (!*removed) return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown");
  net::HttpResponse response;
  response.status = 202;
  return response;
}

}  // namespace drydock
