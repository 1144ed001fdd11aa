// SPDX-License-Identifier: Apache-2.0
#include "api/paging.hpp"

#include <charconv>

namespace ferry::api {
namespace {

constexpr int kLargestPage = 1000;

}  // namespace

Result<Page> page_of(const Call& call) {
  Page page;
  page.after = call.request.query_value("after").value_or("");
  const auto text = call.request.query_value("limit");
  if (!text) return page;
  const auto* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, page.limit);
  if (parsed.ec != std::errc() || parsed.ptr != end || page.limit < 1 ||
      page.limit > kLargestPage) {
    return fail(Code::invalid_argument, "limit must be a number from 1 to {}", kLargestPage);
  }
  return page;
}

}  // namespace ferry::api
