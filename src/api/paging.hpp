// SPDX-License-Identifier: Apache-2.0
// Long lists come in pages: ?limit=100&after=NEXT. An answer has "next", null on the last page.
#pragma once

#include <string>
#include <vector>

#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {

struct Page {
  std::string after;  // what the page before named as next; empty begins
  int limit = 100;
};

// Code::invalid_argument for a limit that is not 1 to 1000.
Result<Page> page_of(const Call& call);

// `items`: one more than the page takes, if there are more. `key`: what the next page begins after.
template <class T, class Key>
json::object paged(std::vector<T> items, const Page& page, Key key) {
  const bool more = items.size() > static_cast<std::size_t>(page.limit);
  if (more) items.erase(items.begin() + page.limit, items.end());
  json::object answer = collection(items);
  answer["next"] = more ? json::value(key(items.back())) : json::value(nullptr);
  return answer;
}

}  // namespace ferry::api
