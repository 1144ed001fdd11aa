// SPDX-License-Identifier: Apache-2.0
// Index tags of a blob (Storage REST, "Set Blob Tags"): up to ten, in a header or as XML.
#pragma once

#include "drydock/blob/request.hpp"
#include "drydock/blob/xml.hpp"

namespace drydock::blob {

using Tags = std::vector<std::pair<std::string, std::string>>;

// Of the header x-ms-tags: k1=v1&k2=v2, percent-encoded.
Outcome<Tags> parse_tags_header(std::string_view text);
Outcome<Tags> parse_tags_xml(std::string_view text);
void write_tags(XmlWriter& xml, const Tags& tags);
std::string tags_xml(const Tags& tags);

}  // namespace drydock::blob
