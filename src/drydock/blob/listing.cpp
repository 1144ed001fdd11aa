// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/listing.hpp"

#include <algorithm>
#include <charconv>

#include "drydock/blob/service.hpp"

namespace drydock::blob {
namespace {

constexpr int kMaxPage = 5000;

// "metadata,snapshots": what Drydock never has (snapshots, versions, deleted blobs) may be asked
// for and adds nothing.
Outcome<void> parse_include(const std::string& include, Page& page) {
  for (const std::string& item : ferry::split(include, ',')) {
    const std::string name = ferry::to_lower(ferry::trim(item));
    page.with_metadata |= name == "metadata";
    page.with_tags |= name == "tags";
    if (name == "uncommittedblobs") {
      return refuse(501, "APINotImplemented", "Drydock does not list uncommitted blobs.");
    }
  }
  return {};
}

// Names that XML cannot carry come percent-encoded and say so.
void write_name(XmlWriter& xml, std::string_view name) {
  if (fits_xml(name)) {
    xml.element("Name", name);
    return;
  }
  xml.open("Name", {{"Encoded", "true"}});
  xml.text(ferry::percent_encode(name));
  xml.close("Name");
}

void write_blob(XmlWriter& xml, const BlobRecord& blob, const Page& page, ferry::Timestamp now) {
  const auto optional = [&xml](std::string_view name, const std::string& value) {
    if (!value.empty()) xml.element(name, value);
  };
  std::string etag = blob.version.etag;
  std::erase(etag, '"');
  xml.open("Blob");
  write_name(xml, blob.name);
  xml.open("Properties");
  xml.element("Creation-Time", ferry::format_rfc1123(blob.created));
  xml.element("Last-Modified", ferry::format_rfc1123(blob.version.modified));
  xml.element("Etag", etag);
  xml.element("Content-Length", std::to_string(blob.size));
  xml.element("Content-Type", blob.content_type);
  optional("Content-Encoding", blob.content_encoding);
  optional("Content-Language", blob.content_language);
  optional("Content-MD5", blob.content_md5);
  optional("Cache-Control", blob.cache_control);
  optional("Content-Disposition", blob.content_disposition);
  xml.element("BlobType", "BlockBlob");
  xml.element("AccessTier", blob.access_tier.empty() ? "Hot" : blob.access_tier);
  if (blob.access_tier.empty()) xml.element("AccessTierInferred", "true");
  write_lease(xml, blob.lease, now);
  if (!blob.tags.empty()) xml.element("TagCount", std::to_string(blob.tags.size()));
  xml.element("ServerEncrypted", "true");
  xml.close("Properties");
  if (page.with_metadata) write_metadata(xml, blob.metadata);
  if (page.with_tags && !blob.tags.empty()) write_tags(xml, blob.tags);
  xml.close("Blob");
}

// The first string that is greater than every string with this prefix; empty when there is none.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

// Walks a container in name order and folds names behind a delimiter into one prefix each.
class PageBuilder {
 public:
  PageBuilder(BlobStore& store, std::int64_t container, const Page& page, XmlWriter& xml,
              ferry::Timestamp now)
      : store_(store), container_(container), page_(page), xml_(xml), now_(now) {}

  // Returns where the next page starts, empty at the end.
  ferry::Result<std::string> build() {
    std::string start = page_.start;
    while (true) {
      auto blobs = store_.list_blobs(container_, start, kBatch);
      if (!blobs) return ferry::fail(std::move(blobs).error());
      std::string skip_to;
      for (const BlobRecord& blob : *blobs) {
        if (!blob.name.starts_with(page_.prefix)) return std::string();
        if (count_ == page_.limit) return blob.name;
        ++count_;
        skip_to = write(blob);
        if (!skip_to.empty()) break;
        start = blob.name + '\0';
      }
      if (!skip_to.empty()) {
        start = skip_to;
      } else if (blobs->size() < static_cast<std::size_t>(kBatch)) {
        return std::string();
      }
    }
  }

 private:
  static constexpr int kBatch = 500;

  // Writes the blob, or the prefix that it stands for: then returns the first name behind that.
  std::string write(const BlobRecord& blob) {
    if (!page_.delimiter.empty()) {
      const std::size_t end = blob.name.find(page_.delimiter, page_.prefix.size());
      if (end != std::string::npos) {
        const std::string prefix = blob.name.substr(0, end + page_.delimiter.size());
        xml_.open("BlobPrefix");
        write_name(xml_, prefix);
        xml_.close("BlobPrefix");
        return after_prefix(prefix);
      }
    }
    write_blob(xml_, blob, page_, now_);
    return "";
  }

  BlobStore& store_;
  std::int64_t container_;
  const Page& page_;
  XmlWriter& xml_;
  ferry::Timestamp now_;
  int count_ = 0;
};

}  // namespace

std::string make_marker(std::string_view next_name) {
  return ferry::base64url_encode(next_name);
}

Outcome<Page> parse_page(const BlobRequest& request) {
  Page page;
  page.prefix = request.query("prefix");
  page.delimiter = request.query("delimiter");
  page.start = page.prefix;
  if (const std::string text = request.query("maxresults"); !text.empty()) {
    int limit = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || limit < 1) {
      return refuse_query("maxresults", text);
    }
    page.limit = std::min(limit, kMaxPage);
  }
  if (const std::string marker = request.query("marker"); !marker.empty()) {
    auto start = ferry::base64url_decode(marker);
    if (!start) return refuse_query("marker", marker);
    page.start = std::max(page.start, *start);
  }
  if (auto included = parse_include(request.query("include"), page); !included) {
    return refuse(std::move(included).error());
  }
  return page;
}

void write_page(XmlWriter& xml, const BlobRequest& request, const Page& page) {
  xml.element("Prefix", page.prefix);
  xml.element("Marker", request.query("marker"));
  xml.element("MaxResults", std::to_string(page.limit));
  if (!page.delimiter.empty()) xml.element("Delimiter", page.delimiter);
}

void write_lease(XmlWriter& xml, const std::optional<Lease>& lease, ferry::Timestamp now) {
  net::Headers headers;
  set_lease_headers(headers, lease, now);
  xml.element("LeaseStatus", headers.get_or("x-ms-lease-status", ""));
  xml.element("LeaseState", headers.get_or("x-ms-lease-state", ""));
  if (const auto duration = headers.get("x-ms-lease-duration")) {
    xml.element("LeaseDuration", *duration);
  }
}

void write_metadata(XmlWriter& xml, const Metadata& metadata) {
  xml.open("Metadata");
  for (const auto& [name, value] : metadata) xml.element(name, value);
  xml.close("Metadata");
}

net::HttpResponse xml_response(std::string body) {
  net::HttpResponse response;
  response.headers.set("Content-Type", "application/xml");
  response.body = std::move(body);
  return response;
}

}  // namespace drydock::blob

namespace drydock {

BlobService::Response BlobService::list_blobs(const blob::BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return blob::refuse(std::move(container).error());
  auto page = blob::parse_page(request);
  if (!page) return blob::refuse(std::move(page).error());
  blob::XmlWriter xml;
  const std::string endpoint = endpoints_.blob_url(request.account) + "/";
  xml.open("EnumerationResults",
           {{"ServiceEndpoint", endpoint}, {"ContainerName", request.container}});
  blob::write_page(xml, request, *page);
  xml.open("Blobs");
  auto next = blob::PageBuilder(store_, container->id, *page, xml, clock_.now()).build();
  if (!next) return blob::refuse_internal(next.error());
  xml.close("Blobs");
  xml.element("NextMarker", next->empty() ? "" : blob::make_marker(*next));
  xml.close("EnumerationResults");
  return blob::xml_response(std::move(xml).finish());
}

}  // namespace drydock
