// SPDX-License-Identifier: Apache-2.0
#include "oci/reference.hpp"

#include <cctype>

#include "base/encoding.hpp"
#include "oci/digest.hpp"

namespace ferry::oci {
namespace {

constexpr std::size_t kLongestName = 255;  // of registry and repository together
constexpr std::size_t kLongestTag = 128;

bool is_lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_path_component(std::string_view text) {
  std::size_t i = 0;
  const auto run = [&] {
    const std::size_t start = i;
    while (i < text.size() && is_lower_alnum(text[i])) ++i;
    return i > start;
  };
  if (!run()) return false;
  while (i < text.size()) {
    if (text[i] == '-') {
      while (i < text.size() && text[i] == '-') ++i;
    } else if (text[i] == '_') {
      i += text.substr(i, 2) == "__" ? 2 : 1;
    } else if (text[i] == '.') {
      ++i;
    } else {
      return false;
    }
    if (!run()) return false;
  }
  return true;
}

// host, host:port, or [v6]:port
bool is_registry(std::string_view text) {
  std::string_view host = text;
  const auto bracket = text.find(']');
  const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    host = text.substr(0, colon);
    if (port.empty() || port.size() > 5 ||
        port.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
  }
  if (!host.empty() && host.front() == '[') {
    return host.size() > 2 && host.back() == ']' &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") ==
               std::string_view::npos;
  }
  if (host.empty() || host.front() == '.' || host.back() == '.') return false;
  for (char c : host) {
    if (!is_lower_alnum(c) && c != '-' && c != '.') return false;
  }
  return true;
}

}  // namespace

bool is_repository(std::string_view text) {
  if (text.empty() || text.size() > kLongestName) return false;
  for (const std::string& component : split(text, '/')) {
    if (!is_path_component(component)) return false;
  }
  return true;
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > kLongestTag) return false;
  if (text.front() == '.' || text.front() == '-') return false;
  for (char c : text) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (!word && c != '.' && c != '-') return false;
  }
  return true;
}

std::string Reference::str() const {
  std::string text = registry + "/" + repository;
  if (!tag.empty()) text += ":" + tag;
  if (!digest.empty()) text += "@" + digest;
  return text;
}

Reference Reference::with_tag(std::string new_tag) const {
  return {registry, repository, std::move(new_tag), {}};
}

Reference Reference::pinned(std::string new_digest) const {
  return {registry, repository, {}, std::move(new_digest)};
}

Result<Reference> parse_reference(std::string_view text) {
  const auto wrong = [text](std::string_view why) {
    return fail(Code::invalid_argument, "'{}' is not an image reference: {}", text, why);
  };
  Reference reference;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    reference.digest = std::string(rest.substr(at + 1));
    rest = rest.substr(0, at);
    if (!is_digest(reference.digest)) return wrong("what follows '@' is no digest");
  }
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return wrong("it names no registry");
  reference.registry = to_lower(rest.substr(0, slash));
  rest.remove_prefix(slash + 1);
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    reference.tag = std::string(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
    if (!is_tag(reference.tag)) return wrong("the tag is malformed");
  }
  reference.repository = std::string(rest);
  if (!is_registry(reference.registry)) return wrong("the registry's name is malformed");
  if (!is_repository(reference.repository)) return wrong("the repository's name is malformed");
  if (reference.registry.size() + 1 + reference.repository.size() > kLongestName) {
    return wrong("it is too long");
  }
  return reference;
}

}  // namespace ferry::oci
