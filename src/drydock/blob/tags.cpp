// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/tags.hpp"

#include <algorithm>

namespace drydock::blob {
namespace {

constexpr std::size_t kMostTags = 10;
constexpr std::size_t kLongestKey = 128;
constexpr std::size_t kLongestValue = 256;

bool allowed(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(" +-./:=_").find(c) != std::string_view::npos;
  });
}

Outcome<Tags> checked(Tags tags) {
  std::sort(tags.begin(), tags.end());
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  const bool twice = std::adjacent_find(tags.begin(), tags.end(), same) != tags.end();
  const bool good = !twice && tags.size() <= kMostTags &&
                    std::all_of(tags.begin(), tags.end(), [](const auto& tag) {
                      return !tag.first.empty() && tag.first.size() <= kLongestKey &&
                             tag.second.size() <= kLongestValue && allowed(tag.first) &&
                             allowed(tag.second);
                    });
  if (good) return tags;
  return refuse(400, "InvalidTag",
                "The tags specified are invalid: at most 10, each key once, of 1 to 128 letters, "
                "digits, spaces and +-./:=_, each value of at most 256 of them.");
}

}  // namespace

Outcome<Tags> parse_tags_header(std::string_view text) {
  Tags tags;
  for (auto& [key, value] : ferry::parse_form(text)) {
    tags.emplace_back(std::move(key), std::move(value));
  }
  return checked(std::move(tags));
}

Outcome<Tags> parse_tags_xml(std::string_view text) {
  const auto document = parse_xml(text, "Tags");
  if (!document) return refuse(400, "InvalidXmlDocument", document.error().message);
  Tags tags;
  for (const auto& set : document->children) {
    for (const auto& tag : set.children) {
      tags.emplace_back(tag.text_of("Key"), tag.text_of("Value"));
    }
  }
  return checked(std::move(tags));
}

void write_tags(XmlWriter& xml, const Tags& tags) {
  xml.open("Tags");
  xml.open("TagSet");
  for (const auto& [key, value] : tags) {
    xml.open("Tag");
    xml.element("Key", key);
    xml.element("Value", value);
    xml.close("Tag");
  }
  xml.close("TagSet");
  xml.close("Tags");
}

std::string tags_xml(const Tags& tags) {
  XmlWriter xml;
  write_tags(xml, tags);
  return std::move(xml).finish();
}

}  // namespace drydock::blob
