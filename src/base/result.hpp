// SPDX-License-Identifier: Apache-2.0
// Errors are values with a story: what was tried, on what, what the other side said, what to do
// next.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace ferry {

// A small closed set; each face (HTTP, CLI exit codes) maps it in exactly one table.
enum class Code {
  invalid_argument,   // the caller's input is wrong; the same call can never succeed
  unauthenticated,    // no or unusable credentials
  permission_denied,  // known caller, not allowed
  not_found,
  conflict,             // exists already, or the state forbids it
  precondition_failed,  // an ETag or version did not match
  resource_exhausted,   // quota, size limit or throttle
  unavailable,          // the other side cannot be reached or is not ready; try again
  deadline_exceeded,
  cancelled,
  unsupported,
  internal,  // a bug or damaged data
};

std::string_view to_string(Code code);

// `message` says what went wrong in words fit for the caller; it never holds a secret.
// `hint`, when not empty, says what to do next. `context` holds what was being tried, innermost
// first. `retry_after`: the other side asked for this much patience.
struct Error {
  Code code = Code::internal;
  std::string message;
  std::string hint = {};
  std::vector<std::string> context = {};
  std::optional<std::chrono::milliseconds> retry_after = {};

  // Adds what was being tried, e.g. error.with("create IoT hub {}", name).
  template <class... Args>
  Error with(fmt::format_string<Args...> text, Args&&... args) && {
    context.push_back(fmt::format(text, std::forward<Args>(args)...));
    return std::move(*this);
  }
  Error advise(std::string next_step) && {
    hint = std::move(next_step);
    return std::move(*this);
  }

  // One line: "create IoT hub x: PUT ...: 409 Conflict: name taken".
  std::string describe() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Unexpected = tl::unexpected<Error>;

template <class... Args>
Unexpected fail(Code code, fmt::format_string<Args...> text, Args&&... args) {
  return Unexpected(Error{code, fmt::format(text, std::forward<Args>(args)...)});
}
inline Unexpected fail(Error error) {
  return Unexpected(std::move(error));
}

// The program is wrong: says where and aborts. Never reachable from input.
[[noreturn]] void invariant_violated(const char* condition, const char* file, int line);

}  // namespace ferry

#define FERRY_CHECK(condition) \
  ((condition) ? void(0) : ::ferry::invariant_violated(#condition, __FILE__, __LINE__))
