// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"

#include <gtest/gtest.h>

namespace ferry::api {
namespace {

TEST(Errors, EveryCodeHasAnErrorStatusOfItsOwn) {
  std::map<int, Code> seen;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_GE(status_of(code), 400);
    EXPECT_TRUE(seen.emplace(status_of(code), code).second) << to_string(code);
  }
}

TEST(Errors, TheBodyHasCodeMessageHintAndDetailsButNotTheStory) {
  auto error = Error{Code::conflict, "the name is taken", "choose another"}.with("internal step");
  const auto response = error_response(error, json::object{{"name", "x"}});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.body,
            R"({"error":{"code":"conflict","message":"the name is taken","hint":"choose another",)"
            R"("details":{"name":"x"}}})"
            "\n");
}

TEST(Errors, WithoutCredentialsTheAnswerNamesTheScheme) {
  const auto response = error_response(Error{Code::unauthenticated, "no"});
  EXPECT_EQ(response.headers.get_or("WWW-Authenticate", ""), "Bearer");
}

}  // namespace
}  // namespace ferry::api
