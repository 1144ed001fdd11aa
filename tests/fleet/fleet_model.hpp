// SPDX-License-Identifier: Apache-2.0
// A small fleet in the words of the rules, to hold plans against: what groups and nodes run is
// computed here the slow and obvious way, by none of the code under test.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fleet/plan.hpp"

namespace ferry::fleet::model {

// The same numbers for the same seed, everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {  // SplitMix64
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  int pick(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return pick(100) < percent; }
  template <class T>
  const T& of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(pick(static_cast<int>(values.size())))];
  }

 private:
  std::uint64_t state_;
};

struct Running {
  std::set<std::string> versions;
  std::map<std::string, json::value> settings;  // that the version knows
  friend bool operator==(const Running&, const Running&) = default;
};
using Runs = std::map<std::string, Running>;  // by component

extern const std::vector<std::string> kGroups;
extern const std::vector<std::string> kComponents;
extern const std::vector<std::string> kVersions;

// Groups with nodes and labels, published versions, no deployment.
Fleet empty_fleet(Dice& dice);
// Any change at all, sensible or not.
Change some_change(Dice& dice, const Fleet& fleet);

// The fleet once `change` is recorded.
Fleet record(Fleet fleet, const Change& change);
Runs runs_of(const Fleet& fleet, const std::string& group);
Runs runs_of_node(const Fleet& fleet, const std::string& group, const std::string& node);
// What undoes `change` on `before`.
Change back_to(const Fleet& before, const Change& change);

// `runs` with what a plan says of them; nothing when the plan contradicts them.
std::optional<Runs> apply(const Difference& difference, Runs runs);

// Everything that the hub would hold for a group, as bytes.
std::string content_of(const Fleet& fleet, const std::string& group);

}  // namespace ferry::fleet::model
