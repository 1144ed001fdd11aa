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

constexpr std::size_t kDeepest = 5;

struct Reader {
  XML_Parser parser = nullptr;
  std::string_view root;
  std::vector<XmlElement> open;  // from the root down
  XmlElement document;
  std::string complaint;

  void complain(std::string text) {
    complaint = std::move(text);
    XML_StopParser(parser, XML_FALSE);
  }
};

void on_start(void* user, const XML_Char* name, const XML_Char** /*attributes*/) {
  auto& reader = *static_cast<Reader*>(user);
  if (reader.open.empty() && reader.root != name) {
    reader.complain(fmt::format("the root element is '{}', not '{}'", name, reader.root));
  } else if (reader.open.size() == kDeepest) {
    reader.complain(fmt::format("element '{}' is too deep", name));
  }
  reader.open.push_back({name, ""});
}

void on_end(void* user, const XML_Char* /*name*/) {
  auto& reader = *static_cast<Reader*>(user);
  XmlElement done = std::move(reader.open.back());
  reader.open.pop_back();
  (reader.open.empty() ? reader.document : reader.open.back().children.emplace_back()) =
      std::move(done);
}

void on_text(void* user, const XML_Char* text, int length) {
  auto& reader = *static_cast<Reader*>(user);
  if (!reader.open.empty()) reader.open.back().text.append(text, static_cast<std::size_t>(length));
}

// Entities can be declared only in a document type declaration, and no client sends one.
void on_doctype(void* user, const XML_Char* /*name*/, const XML_Char* /*system*/,
                const XML_Char* /*publisher*/, int /*internal*/) {
  static_cast<Reader*>(user)->complain("a document type declaration is not accepted");
}

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const XmlElement& one) { return one.name == child; });
  return found == children.end() ? nullptr : &*found;
}

std::string XmlElement::text_of(std::string_view child) const {
  const auto* found = find(child);
  return found ? found->text : std::string();
}

ferry::Result<XmlElement> parse_xml(std::string_view text, std::string_view root) {
  if (text.size() > (std::size_t{16} << 20)) {
    return ferry::fail(ferry::Code::invalid_argument, "the XML text is too long");
  }
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate("UTF-8"), &XML_ParserFree);
  FERRY_CHECK(parser != nullptr);
  Reader reader{parser.get(), root, {}, {}, {}};
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
  return std::move(reader.document);
}

ferry::Result<std::vector<XmlElement>> parse_flat_xml(std::string_view text,
                                                      std::string_view root) {
  auto document = parse_xml(text, root);
  if (!document) return ferry::fail(std::move(document).error());
  for (const auto& child : document->children) {
    if (child.children.empty()) continue;
    return ferry::fail(ferry::Code::invalid_argument,
                       "not a usable XML document: element '{}' is out of place",
                       child.children.front().name);
  }
  return std::move(document->children);
}

}  // namespace drydock::blob
