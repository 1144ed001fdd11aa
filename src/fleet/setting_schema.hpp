// SPDX-License-Identifier: Apache-2.0
// What a component says of its own configuration: a JSON Schema (draft 7) of an object whose
// properties are the settings. Beside the schema's own words a property may say how its value
// reaches the container:
//   "delivery": "env" (default)  a variable of the container, which is made anew when it changes
//               "twin"           a desired property of the module's twin, which changes at once
//   "env": "RATE"                the variable's name; else the setting's in capitals
// Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/settings.hpp"

namespace ferry::fleet {

enum class Delivery { env, twin };
std::string_view to_string(Delivery delivery);

struct SettingInfo {
  Delivery delivery = Delivery::env;
  std::string variable;  // of the container; empty for twins
  std::string type;      // as the schema says it; empty when it says more than one or none
  std::string description;
};

class SettingSchema {
 public:
  // Code::invalid_argument when it is no schema of an object, uses a reference to elsewhere, gives
  // two settings one variable, or has a default that it does not allow itself.
  static Result<std::shared_ptr<const SettingSchema>> parse(const json::object& schema);
  ~SettingSchema();

  const std::map<std::string, SettingInfo>& settings() const { return settings_; }
  const SettingInfo* find(const std::string& setting) const;
  const Values& defaults() const { return defaults_; }
  // In words, what the schema has against these values, all settings taken together; empty when it
  // has nothing.
  std::vector<std::string> check(const json::object& values) const;

 private:
  SettingSchema();
  struct Validator;
  std::unique_ptr<Validator> validator_;
  std::map<std::string, SettingInfo> settings_;
  Values defaults_;
};

// "sampleRate" and "sample-rate" -> "SAMPLE_RATE".
std::string variable_of(std::string_view setting);

}  // namespace ferry::fleet
