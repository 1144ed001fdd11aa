// SPDX-License-Identifier: Apache-2.0
#include "fleet/labels.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace ferry::fleet {
namespace {

constexpr std::size_t kLongest = 63;

bool is_label_text(std::string_view text) {
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.' || c == '/';
         });
}

}  // namespace

Result<void> check_label_key(std::string_view key) {
  if (!key.empty() && is_label_text(key)) return {};
  return fail(Code::invalid_argument,
              "'{}' is not a label: 1 to {} letters, digits, '-', '_', '.' and '/'", key, kLongest);
}

Result<void> check_label_value(std::string_view value) {
  if (is_label_text(value)) return {};
  return fail(Code::invalid_argument,
              "'{}' is not a label's value: up to {} letters, digits, '-', '_', '.' and '/'", value,
              kLongest);
}

Result<Selector> Selector::parse(std::string_view text) {
  Selector selector;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string word(trim(text.substr(0, comma)));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    Term term;
    if (const auto equal = word.find('='); equal != std::string::npos) {
      const bool unequal = equal > 0 && word[equal - 1] == '!';
      term.operation = unequal ? Operator::unequal : Operator::equal;
      term.key = trim(std::string_view(word).substr(0, unequal ? equal - 1 : equal));
      term.value = trim(std::string_view(word).substr(equal + 1));
    } else if (word.starts_with('!')) {
      term.operation = Operator::absent;
      term.key = trim(std::string_view(word).substr(1));
    } else {
      term.key = word;
    }
    auto key = check_label_key(term.key);
    if (!key) return fail(std::move(key).error().with("read the selector term '{}'", word));
    auto value = check_label_value(term.value);
    if (!value) return fail(std::move(value).error().with("read the selector term '{}'", word));
    selector.terms_.push_back(std::move(term));
  }
  std::sort(selector.terms_.begin(), selector.terms_.end());
  selector.terms_.erase(std::unique(selector.terms_.begin(), selector.terms_.end()),
                        selector.terms_.end());
  return selector;
}

bool Selector::matches(const Labels& labels) const {
  return !terms_.empty() && std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    const auto found = labels.find(term.key);
    const bool there = found != labels.end();
    switch (term.operation) {
      case Operator::equal:
        return there && found->second == term.value;
      case Operator::unequal:
        return !there || found->second != term.value;
      case Operator::present:
        return there;
      case Operator::absent:
        return !there;
    }
    return false;
  });
}

std::string Selector::str() const {
  std::string text;
  for (const auto& term : terms_) {
    if (!text.empty()) text += ',';
    switch (term.operation) {
      case Operator::equal:
        text += term.key + "=" + term.value;
        break;
      case Operator::unequal:
        text += term.key + "!=" + term.value;
        break;
      case Operator::present:
        text += term.key;
        break;
      case Operator::absent:
        text += "!" + term.key;
        break;
    }
  }
  return text;
}

}  // namespace ferry::fleet
