// SPDX-License-Identifier: Apache-2.0
// Pushing blobs (OCI distribution 1.1, "Pushing blobs"): in one request, in a session with one or
// many pieces, or not at all when another repository has the blob already.
#include "base/id.hpp"
#include "drydock/registry/byte_range.hpp"
#include "drydock/registry/service.hpp"

namespace drydock {

using registry::Outcome;
using registry::refuse;
using registry::Upload;
namespace net = ferry::net;

namespace {

// Marks an upload as written to for as long as it lives.
class Busy {
 public:
  Busy(std::unordered_set<std::string>& uploads, const std::string& id)
      : uploads_(uploads), id_(id), won_(uploads.insert(id).second) {}
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    if (won_) uploads_.erase(id_);
  }
  bool won() const { return won_; }

 private:
  std::unordered_set<std::string>& uploads_;
  std::string id_;
  bool won_;
};

net::HttpResponse session(int status, const Upload& upload) {
  net::HttpResponse response;
  response.status = status;
  response.headers.set("Location",
                       fmt::format("/v2/{}/blobs/uploads/{}", upload.repository, upload.id));
  response.headers.set("Docker-Upload-UUID", upload.id);
  response.headers.set("Range", fmt::format("0-{}", upload.size > 0 ? upload.size - 1 : 0));
  return response;
}

net::HttpResponse created(const std::string& repository, const std::string& digest) {
  net::HttpResponse response;
  response.status = 201;
  response.headers.set("Location", fmt::format("/v2/{}/blobs/{}", repository, digest));
  response.headers.set("Docker-Content-Digest", digest);
  return response;
}

tl::unexpected<registry::Refusal> busy() {
  return refuse(409, "BLOB_UPLOAD_INVALID", "another request is writing to this upload");
}

}  // namespace

std::optional<net::HttpResponse> RegistryService::try_mount(const Call& call) {
  const std::string digest = call.http.query_value("mount").value_or("");
  const std::string from = call.http.query_value("from").value_or("");
  if (!registry::valid_digest(digest) || !registry::valid_repository(from) ||
      !call.may("repository", from, "pull")) {
    return std::nullopt;
  }
  const auto size = store_.find_blob(call.name, from, digest);
  if (!size || !*size) return std::nullopt;
  if (!store_.add_blob(call.name, call.route.repository, digest, **size, "")) return std::nullopt;
  return created(call.route.repository, digest);
}

RegistryService::Reply RegistryService::start_upload(const Call& call) {
  if (call.http.query_value("mount")) {
    if (auto mounted = try_mount(call)) co_return *std::move(mounted);
  }
  const auto digest = call.http.query_value("digest");
  if (digest && !registry::valid_digest(*digest)) {
    co_return refuse(400, "DIGEST_INVALID", "the digest is malformed or not supported");
  }
  Upload upload{ferry::random_uuid(), call.route.repository, 0};
  if (auto begun = store_.begin_upload(call.name, upload, clock_.now()); !begun) {
    co_return registry::refuse_internal(begun.error());
  }
  if (!digest) co_return session(202, upload);
  const Busy guard(busy_uploads_, upload.id);
  auto appended = co_await append(upload, call.http.body);
  if (!appended) co_return refuse(std::move(appended).error());
  co_return co_await complete(call, upload, *digest);
}

Outcome<Upload> RegistryService::find_upload(const Call& call) {
  auto upload = store_.find_upload(call.name, call.route.repository, call.route.reference);
  if (!upload) return registry::refuse_internal(upload.error());
  if (!*upload) return refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  return **std::move(upload);
}

net::Task<Outcome<void>> RegistryService::append(Upload& upload, std::string_view bytes) {
  if (bytes.empty()) co_return Outcome<void>();
  auto written = co_await files_.append(upload.id, upload.size, bytes);
  if (!written) co_return registry::refuse_internal(written.error());
  upload.size += bytes.size();
  if (auto grown = store_.grow_upload(upload.id, upload.size); !grown) {
    co_return registry::refuse_internal(grown.error());
  }
  co_return Outcome<void>();
}

RegistryService::Reply RegistryService::continue_upload(const Call& call) {
  auto upload = find_upload(call);
  if (!upload) co_return refuse(std::move(upload).error());
  const Busy guard(busy_uploads_, upload->id);
  if (!guard.won()) co_return busy();
  if (const auto header = call.http.headers.get("Content-Range")) {
    const auto range = registry::parse_upload_range(*header);
    if (!range || range->start != upload->size || range->length != call.http.body.size()) {
      registry::Refusal refusal{416, "BLOB_UPLOAD_INVALID",
                                "the piece does not follow on what has been received"};
      net::HttpResponse state = session(416, *upload);
      refusal.headers = state.headers;
      co_return refuse(std::move(refusal));
    }
  }
  auto appended = co_await append(*upload, call.http.body);
  if (!appended) co_return refuse(std::move(appended).error());
  co_return session(202, *upload);
}

RegistryService::Reply RegistryService::finish_upload(const Call& call) {
  auto upload = find_upload(call);
  if (!upload) co_return refuse(std::move(upload).error());
  const std::string digest = call.http.query_value("digest").value_or("");
  if (!registry::valid_digest(digest)) {
    co_return refuse(400, "DIGEST_INVALID", "the digest is missing, malformed or not supported");
  }
  const Busy guard(busy_uploads_, upload->id);
  if (!guard.won()) co_return busy();
  auto appended = co_await append(*upload, call.http.body);
  if (!appended) co_return refuse(std::move(appended).error());
  co_return co_await complete(call, *upload, digest);
}

RegistryService::Reply RegistryService::complete(const Call& call, Upload upload,
                                                 std::string digest) {
  auto actual = co_await files_.seal(upload.id, upload.size);
  if (!actual) co_return registry::refuse_internal(actual.error());
  if (*actual != digest) {
    if (auto ended = store_.end_upload(upload.id); !ended) {
      co_return registry::refuse_internal(ended.error());
    }
    files_.remove_upload(upload.id);
    co_return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  // The registry may have been deleted meanwhile, and the session with it.
  auto still = store_.find_upload(call.name, upload.repository, upload.id);
  if (!still) co_return registry::refuse_internal(still.error());
  if (!*still) co_return refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  // File and row change without a suspension between them; a crash in between leaves a file that no
  // row names, which the next start collects.
  if (auto promoted = files_.promote(upload.id, call.name, digest); !promoted) {
    co_return registry::refuse_internal(promoted.error());
  }
  auto added = store_.add_blob(call.name, upload.repository, digest, upload.size, upload.id);
  if (!added) co_return registry::refuse_internal(added.error());
  co_return created(upload.repository, digest);
}

RegistryService::Response RegistryService::upload_status(const Call& call) {
  auto upload = find_upload(call);
  if (!upload) return refuse(std::move(upload).error());
  return session(204, *upload);
}

RegistryService::Response RegistryService::cancel_upload(const Call& call) {
  auto upload = find_upload(call);
  if (!upload) return refuse(std::move(upload).error());
  if (busy_uploads_.contains(upload->id)) return busy();
  if (auto ended = store_.end_upload(upload->id); !ended) {
    return registry::refuse_internal(ended.error());
  }
  files_.remove_upload(upload->id);
  net::HttpResponse response;
  response.status = 204;
  return response;
}

}  // namespace drydock
