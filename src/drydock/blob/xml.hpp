// SPDX-License-Identifier: Apache-2.0
// The little XML that Blob Storage speaks: documents written in order, and small ones read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace drydock::blob {

class XmlWriter {
 public:
  XmlWriter() : text_("<?xml version=\"1.0\" encoding=\"utf-8\"?>") {}
  void open(std::string_view name) { open(name, {}); }
  void open(std::string_view name,
            std::initializer_list<std::pair<std::string_view, std::string_view>> attributes);
  void close(std::string_view name);
  void element(std::string_view name, std::string_view text);
  void text(std::string_view text) { escape(text); }
  std::string finish() && { return std::move(text_); }

 private:
  void escape(std::string_view text);
  std::string text_;
};

// False for text with characters that XML 1.0 cannot carry, not even escaped.
bool fits_xml(std::string_view text);

struct XmlElement {
  std::string name;
  std::string text;  // directly in it
  std::vector<XmlElement> children = {};

  const XmlElement* find(std::string_view child) const;  // the first of that name
  std::string text_of(std::string_view child) const;     // empty when there is none
};

// The root element. Another root, more than five levels, a document type declaration or text that
// is not well formed is Code::invalid_argument.
ferry::Result<XmlElement> parse_xml(std::string_view text, std::string_view root);
// Reads <root><a>x</a><b>y</b></root> into its children, in order; anything deeper is refused.
ferry::Result<std::vector<XmlElement>> parse_flat_xml(std::string_view text, std::string_view root);

}  // namespace drydock::blob
