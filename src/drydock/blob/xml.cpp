// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/xml.hpp"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace drydock::blob {

void XmlWriter::open(
    std::string_view name,
    std::initializer_list<std::pair<std::string_view, std::string_view>> attributes) {
  text_.append("<").append(name);
  for (const auto& [attribute, value] : attributes) {
    text_.append(" ").append(attribute).append("=\"");
    escape(value);
    text_.append("\"");
  }
  text_.append(">");
}

void XmlWriter::close(std::string_view name) {
  text_.append("</").append(name).append(">");
}

void XmlWriter::element(std::string_view name, std::string_view text) {
  if (text.empty()) {
    text_.append("<").append(name).append(" />");
    return;
  }
  text_.append("<").append(name).append(">");
  escape(text);
  close(name);
}

void XmlWriter::escape(std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        text_ += "&amp;";
        break;
      case '<':
        text_ += "&lt;";
        break;
      case '>':
        text_ += "&gt;";
        break;
      case '"':
        text_ += "&quot;";
        break;
      case '\r':
        text_ += "&#xD;";
        break;
      default:
        text_ += c;
    }
  }
}

bool fits_xml(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
}

namespace {

struct FlatReader {
  XML_Parser parser = nullptr;
  std::string_view root;
  std::vector<XmlElement> children;
  int depth = 0;
  std::string complaint;

  void complain(std::string text) {
    complaint = std::move(text);
    XML_StopParser(parser, XML_FALSE);
  }
};

void on_start(void* user, const XML_Char* name, const XML_Char** /*attributes*/) {
  auto& reader = *static_cast<FlatReader*>(user);
  ++reader.depth;
  if (reader.depth == 1 && reader.root != name) {
    reader.complain(fmt::format("the root element is '{}', not '{}'", name, reader.root));
  } else if (reader.depth == 2) {
    reader.children.push_back({name, ""});
  } else if (reader.depth > 2) {
    reader.complain(fmt::format("element '{}' is out of place", name));
  }
}

void on_end(void* user, const XML_Char* /*name*/) {
  --static_cast<FlatReader*>(user)->depth;
}

void on_text(void* user, const XML_Char* text, int length) {
  auto& reader = *static_cast<FlatReader*>(user);
  if (reader.depth == 2) reader.children.back().text.append(text, static_cast<std::size_t>(length));
}

// Entities can be declared only in a document type declaration, and no client sends one.
void on_doctype(void* user, const XML_Char* /*name*/, const XML_Char* /*system*/,
                const XML_Char* /*publisher*/, int /*internal*/) {
  static_cast<FlatReader*>(user)->complain("a document type declaration is not accepted");
}

}  // namespace

ferry::Result<std::vector<XmlElement>> parse_flat_xml(std::string_view text,
                                                      std::string_view root) {
  if (text.size() > (std::size_t{16} << 20)) {
    return ferry::fail(ferry::Code::invalid_argument, "the XML text is too long");
  }
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate("UTF-8"), &XML_ParserFree);
  FERRY_CHECK(parser != nullptr);
  FlatReader reader{parser.get(), root, {}, 0, {}};
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE) ==
      XML_STATUS_ERROR) {
    return ferry::fail(ferry::Code::invalid_argument, "not a usable XML document: {}",
                       reader.complaint.empty()
                           ? std::string(XML_ErrorString(XML_GetErrorCode(parser.get())))
                           : reader.complaint);
  }
  return std::move(reader.children);
}

}  // namespace drydock::blob
