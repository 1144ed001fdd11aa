// SPDX-License-Identifier: Apache-2.0
// Which versions of another component will do: "*", "1.2.3", ">=1.2.0 <2.0.0", "^1.2.3", "~1.2.3".
// Comparisons are Semantic Versioning 2.0.0, section 11; the range words are those of npm, of which
// only the ones above are taken. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ferry::fleet {

class VersionRange {
 public:
  // Comparators separated by blanks; all must hold. Versions are whole: "1.2" is not one.
  static Result<VersionRange> parse(std::string_view text);

  // A pre-release satisfies a range only when a comparator names a pre-release of the same
  // major.minor.patch, as npm has it: "^1.0.0" does not take 2.0.0-rc.1, nor 1.5.0-beta.
  bool contains(std::string_view version) const;
  const std::string& str() const { return text_; }
  friend bool operator==(const VersionRange& a, const VersionRange& b) {
    return a.text_ == b.text_;
  }

 private:
  enum class Operator { at_least, above, at_most, below, equal };
  struct Comparator {
    Operator operation = Operator::equal;
    std::string version;
    bool written = true;  // false: the upper end that "^" and "~" imply
  };
  static Result<std::vector<Comparator>> parse_word(std::string_view word);
  std::string text_;
  std::vector<Comparator> comparators_;  // none: any version
};

}  // namespace ferry::fleet
