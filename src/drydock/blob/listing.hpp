// SPDX-License-Identifier: Apache-2.0
// Pages of containers and of blobs (Storage REST, "List Blobs"): ordered by name, continued by an
// opaque marker, which here is the first name of the next page.
#pragma once

#include "drydock/blob/store.hpp"
#include "drydock/blob/xml.hpp"

namespace drydock::blob {

struct Page {
  std::string prefix;
  std::string delimiter;
  std::string start;  // the first name that may appear
  int limit = 5000;
  bool with_metadata = false;
  bool with_tags = false;
};

Outcome<Page> parse_page(const BlobRequest& request);
std::string make_marker(std::string_view next_name);

// Prefix, Marker, MaxResults and Delimiter as asked.
void write_page(XmlWriter& xml, const BlobRequest& request, const Page& page);
void write_metadata(XmlWriter& xml, const Metadata& metadata);
void write_lease(XmlWriter& xml, const std::optional<Lease>& lease, ferry::Timestamp now);
net::HttpResponse xml_response(std::string body);

}  // namespace drydock::blob
