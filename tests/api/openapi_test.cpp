// SPDX-License-Identifier: Apache-2.0
// src/api/openapi against what the server really has.
#include "api/openapi.hpp"

#include <set>

#include "tests/api/server_fixture.hpp"

namespace ferry::api {
namespace {

using Operations = std::set<std::pair<std::string, std::string>>;  // method, path

// "/files/{path...}" of the router is "/files/{path}" in OpenAPI.
std::string described_path(std::string pattern) {
  if (const auto dots = pattern.find("...}"); dots != std::string::npos) pattern.erase(dots, 3);
  return pattern;
}

Operations described(const json::object& description) {
  Operations operations;
  for (const auto& [path, item] : description.at("paths").as_object()) {
    for (const auto& [name, value] : item.as_object()) {
      if (name != "parameters") operations.emplace(to_upper(name), std::string(path));
    }
  }
  return operations;
}

// Calls `visit` with every reference below `value`.
template <class Visit>
void each_reference(const json::value& value, const Visit& visit) {
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (name == "$ref") visit(std::string(member.as_string()));
      each_reference(member, visit);
    }
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array) each_reference(item, visit);
  }
}

TEST_F(ServerTest, EveryRouteIsDescribedAndNothingElse) {
  Operations routes;
  for (const auto& [method, pattern] : server->router().routes()) {
    routes.emplace(method, described_path(pattern));
  }
  const auto operations = described(openapi_description());
  for (const auto& [method, path] : routes) {
    EXPECT_TRUE(operations.contains({method, path}))
        << method << " " << path << " is missing in src/api/openapi";
  }
  for (const auto& [method, path] : operations) {
    EXPECT_TRUE(routes.contains({method, path}))
        << method << " " << path << " is in src/api/openapi, but there is no such route";
  }
}

TEST(OpenApi, ReferencesLeadSomewhere) {
  const json::object description = openapi_description();
  const json::value whole(description);
  int count = 0;
  each_reference(whole, [&](const std::string& reference) {
    ++count;
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    boost::system::error_code error;
    EXPECT_TRUE(whole.find_pointer(reference.substr(1), error)) << reference;
  });
  EXPECT_GT(count, 50);
}

TEST(OpenApi, PathParametersAreDescribedAndOperationsHaveNamesOfTheirOwn) {
  const json::object description = openapi_description();
  std::set<std::string> names;
  for (const auto& [path, item] : description.at("paths").as_object()) {
    const auto braces = std::count(path.begin(), path.end(), '{');
    const auto* common = find_array(item.as_object(), "parameters");
    EXPECT_EQ(common ? common->size() : 0U, static_cast<std::size_t>(braces)) << path;
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "parameters") continue;
      const auto name = string_or(operation.as_object(), "operationId", "");
      EXPECT_TRUE(!name.empty() && names.insert(name).second) << method << " " << path;
    }
  }
}

}  // namespace
}  // namespace ferry::api
