// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <pugixml.hpp>

#include "azure/blob/client.hpp"

namespace ferry::azure {
namespace {

// Names that XML cannot hold come percent-encoded (2021-02-12 and later).
std::string name_of(const pugi::xml_node& parent) {
  const auto name = parent.child("Name");
  const std::string text = name.child_value();
  return name.attribute("Encoded").as_bool() ? percent_decode(text) : text;
}

// Lists give entity tags without quotes, headers with them.
std::string with_quotes(std::string etag) {
  if (etag.empty() || etag.front() == '"') return etag;
  return "\"" + etag + "\"";
}

}  // namespace

Result<BlobPage> parse_blob_list(std::string_view xml) {
  pugi::xml_document document;
  // Blanks in a name are part of it.
  const auto flags = pugi::parse_default | pugi::parse_ws_pcdata_single;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), flags);
  const auto root = document.child("EnumerationResults");
  if (!parsed || !root) {
    return fail(Code::unavailable, "the blob list is no EnumerationResults document: {}",
                parsed ? "another root element" : parsed.description());
  }
  BlobPage page;
  for (const auto& node : root.child("Blobs")) {
    const std::string_view kind = node.name();
    if (kind == "BlobPrefix") page.prefixes.push_back(name_of(node));
    if (kind != "Blob") continue;
    const auto properties = node.child("Properties");
    BlobProperties blob;
    blob.name = name_of(node);
    blob.size = std::strtoull(properties.child_value("Content-Length"), nullptr, 10);
    blob.etag = with_quotes(properties.child_value("Etag"));
    blob.content_type = properties.child_value("Content-Type");
    blob.content_md5 = properties.child_value("Content-MD5");
    blob.last_modified = properties.child_value("Last-Modified");
    page.blobs.push_back(std::move(blob));
  }
  page.marker = root.child_value("NextMarker");
  return page;
}

}  // namespace ferry::azure
