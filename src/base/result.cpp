// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace ferry {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::permission_denied:
      return "permission_denied";
    case Code::not_found:
      return "not_found";
    case Code::conflict:
      return "conflict";
    case Code::precondition_failed:
      return "precondition_failed";
    case Code::resource_exhausted:
      return "resource_exhausted";
    case Code::unavailable:
      return "unavailable";
    case Code::deadline_exceeded:
      return "deadline_exceeded";
    case Code::cancelled:
      return "cancelled";
    case Code::unsupported:
      return "unsupported";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::describe() const {
  std::string text;
  for (auto step = context.rbegin(); step != context.rend(); ++step) text += *step + ": ";
  text += message;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

void invariant_violated(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "invariant violated: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace ferry
