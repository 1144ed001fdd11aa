// SPDX-License-Identifier: Apache-2.0
// Copy Blob and Copy Blob From URL (Storage REST): both are done when the answer comes, and the
// copy shares its content with its source.
#include "base/id.hpp"
#include "drydock/blob/properties.hpp"
#include "drydock/blob/service.hpp"
#include "net/http_client.hpp"

namespace drydock {

using blob::BlobRecord;
using blob::BlobRequest;
using blob::Outcome;
using blob::refuse;
namespace net = ferry::net;

namespace {

tl::unexpected<blob::Refusal> cannot_verify() {
  return refuse(404, "CannotVerifyCopySource", "The copy source cannot be read.");
}

// The conditions on the source come with a prefix of their own.
net::Headers source_conditions(const net::Headers& headers) {
  net::Headers conditions;
  for (const char* name :
       {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}) {
    if (const auto value = headers.get("x-ms-source-" + ferry::to_lower(name))) {
      conditions.set(name, std::string(*value));
    }
  }
  return conditions;
}

}  // namespace

// Of the same account whoever may write there may read; of another one a SAS must be in the URL.
Outcome<BlobRecord> BlobService::source_of_copy(const BlobRequest& request) {
  const auto url = net::parse_url(request.header("x-ms-copy-source"));
  if (!url || !ferry::to_lower(url->host).ends_with(Endpoints::kBlobSuffix)) {
    return refuse(400, "InvalidHeaderValue",
                  "x-ms-copy-source must be the URL of a blob in this cloud.");
  }
  net::HttpRequest http{"GET", url->target, {{"Host", url->host}}, "", request.http.peer};
  auto source = blob::parse_request(std::move(http));
  if (!source || source->operation != blob::Operation::get_blob) return cannot_verify();
  if (source->account != request.account || blob::has_sas(source->http)) {
    auto admission = authorize(*source);
    if (!admission) return cannot_verify();
  }
  auto found = require_blob(*source);
  if (!found) return refuse(std::move(found).error());
  auto allowed =
      blob::check_read_conditions(source_conditions(request.http.headers), found->version);
  if (!allowed) {
    return refuse(412, "SourceConditionNotMet",
                  "The source condition specified using HTTP conditional header(s) is not met.");
  }
  return found;
}

BlobService::Response BlobService::copy_blob(const BlobRequest& request, bool create_only) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto source = source_of_copy(request);
  if (!source) return refuse(std::move(source).error());
  auto pieces = store_.pieces_of(source->id);
  if (!pieces) return blob::refuse_internal(pieces.error());
  BlobRecord copy = *source;
  copy.tags.clear();
  BlobRecord named;
  if (auto read = blob::read_blob_headers(request.http.headers, "", named); !read) {
    return refuse(std::move(read).error());
  }
  if (!named.metadata.empty()) copy.metadata = named.metadata;  // else those of the source
  if (!named.access_tier.empty()) copy.access_tier = named.access_tier;
  copy.tags = named.tags;
  // Without its signature: the source is shown to whoever may read the copy.
  const std::string url = request.header("x-ms-copy-source");
  copy.copy = {ferry::random_uuid(), url.substr(0, url.find('?')),
               ferry::format_rfc1123(clock_.now())};
  auto stored = commit_blob(request, *container, std::move(copy), *pieces, create_only);
  if (!stored) return refuse(std::move(stored).error());
  net::HttpResponse response;
  response.status = 202;
  blob::set_version_headers(response.headers, stored->version);
  response.headers.set("x-ms-copy-id", stored->copy.id);
  response.headers.set("x-ms-copy-status", "success");
  return response;
}

}  // namespace drydock
