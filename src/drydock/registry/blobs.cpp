// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/byte_range.hpp"
#include "drydock/registry/service.hpp"

namespace drydock {

using registry::refuse;
namespace net = ferry::net;

RegistryService::Reply RegistryService::get_blob(const Call& call) {
  const std::string& digest = call.route.reference;
  auto size = store_.find_blob(call.name, call.route.repository, digest);
  if (!size) co_return registry::refuse_internal(size.error());
  if (!*size) co_return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry");
  net::HttpResponse response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Docker-Content-Digest", digest);
  response.headers.set("ETag", fmt::format("\"{}\"", digest));
  response.headers.set("Accept-Ranges", "bytes");
  if (call.http.method == "HEAD") {
    response.headers.set("Content-Length", std::to_string(**size));
    co_return response;
  }
  registry::ByteRange range{0, **size};
  if (const auto asked = call.http.headers.get("Range")) {
    const auto parsed = registry::parse_byte_range(*asked, **size);
    if (parsed.kind == registry::RangeKind::unsatisfiable) {
      registry::Refusal refusal{416, "RANGE_INVALID", "the range is outside of the blob"};
      refusal.headers.set("Content-Range", fmt::format("bytes */{}", **size));
      co_return refuse(std::move(refusal));
    }
    if (parsed.kind == registry::RangeKind::partial) {
      range = parsed.range;
      response.status = 206;
      response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", range.start,
                                                        range.start + range.length - 1, **size));
    }
  }
  auto content = co_await files_.read(call.name, digest, range.start, range.length);
  if (!content) co_return registry::refuse_internal(content.error());
  response.body = *std::move(content);
  co_return response;
}

RegistryService::Response RegistryService::delete_blob(const Call& call) {
  const std::string& digest = call.route.reference;
  auto size = store_.find_blob(call.name, call.route.repository, digest);
  if (!size) return registry::refuse_internal(size.error());
  if (!*size) return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry");
  auto last = store_.remove_blob(call.name, call.route.repository, digest);
  if (!last) return registry::refuse_internal(last.error());
  if (*last) files_.remove_blob(call.name, digest);
  net::HttpResponse response;
  response.status = 202;
  return response;
}

}  // namespace drydock
