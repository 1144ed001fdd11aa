// SPDX-License-Identifier: Apache-2.0
// Labels of node groups, and selectors over them: how a deployment targets groups that it does not
// name. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ferry::fleet {

using Labels = std::map<std::string, std::string>;

// Keys: letters, digits, '-', '_', '.', '/', 1 to 63; values the same, also empty.
Result<void> check_label_key(std::string_view key);
Result<void> check_label_value(std::string_view value);

// "site=lyon,tier!=test,gpu,!old": all of it must hold. A group that lacks the label satisfies
// "!=". A selector without terms selects nothing.
class Selector {
 public:
  static Result<Selector> parse(std::string_view text);
  bool matches(const Labels& labels) const;
  bool empty() const { return terms_.empty(); }
  // The same selector always in the same words.
  std::string str() const;

 private:
  enum class Operator { equal, unequal, present, absent };
  struct Term {
    std::string key;
    Operator operation = Operator::present;
    std::string value;
    friend auto operator<=>(const Term&, const Term&) = default;
  };
  std::vector<Term> terms_;  // sorted, each once
};

}  // namespace ferry::fleet
