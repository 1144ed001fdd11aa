// SPDX-License-Identifier: Apache-2.0
#include "fleet/dependencies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

using Needs = std::vector<std::pair<std::string, std::string>>;

Module make_module(std::string name, std::string version, const Needs& needs = {},
                   std::optional<std::uint32_t> startup_order = std::nullopt) {
  auto published = std::make_shared<PublishedVersion>();
  for (const auto& [component, range] : needs) {
    published->manifest.depends_on.emplace(component, *VersionRange::parse(range));
  }
  published->manifest.startup_order = startup_order;
  return {std::move(name), std::move(version), std::move(published)};
}

TEST(Dependencies, AreMetByWhatRunsBeside) {
  const Composition good{
      {make_module("app", "1.0.0", {{"broker", "^2.0.0"}}), make_module("broker", "2.3.0")}};
  EXPECT_THAT(check_dependencies(good), IsEmpty());
  const Composition old{
      {make_module("app", "1.0.0", {{"broker", "^2.0.0"}}), make_module("broker", "1.9.0")}};
  EXPECT_THAT(check_dependencies(old),
              ElementsAre("app 1.0.0 needs broker ^2.0.0; 1.9.0 would run"));
  const Composition alone{{make_module("app", "1.0.0", {{"broker", "^2.0.0"}})}};
  EXPECT_THAT(check_dependencies(alone), ElementsAre(HasSubstr("deploy it too")));
}

TEST(Dependencies, InACircleAreNamed) {
  const Composition circle{
      {make_module("a", "1.0.0", {{"b", "*"}}), make_module("b", "1.0.0", {{"c", "*"}}),
       make_module("c", "1.0.0", {{"a", "*"}}), make_module("d", "1.0.0", {{"a", "*"}})}};
  EXPECT_THAT(check_dependencies(circle),
              ElementsAre("a needs b needs c needs a: none of them could start first"));
  EXPECT_THAT(startup_orders(circle), IsEmpty());
}

TEST(Dependencies, OrderTheStart) {
  const Composition composition{
      {make_module("app", "1.0.0", {{"broker", "*"}, {"store", "*"}}),
       make_module("beside", "1.0.0"), make_module("broker", "1.0.0", {{"store", "*"}}),
       make_module("late", "1.0.0", {}, 9), make_module("store", "1.0.0")}};
  EXPECT_THAT(startup_orders(composition),
              ElementsAre(Pair("app", 2), Pair("broker", 1), Pair("late", 9), Pair("store", 0)));
}

}  // namespace
}  // namespace ferry::fleet
