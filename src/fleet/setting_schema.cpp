// SPDX-License-Identifier: Apache-2.0
#include "fleet/setting_schema.hpp"

#include <set>

#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace ferry::fleet {

// valijson reports by exceptions; none leaves this file.
struct SettingSchema::Validator {
  valijson::Schema schema;
};

namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool refers(const json::value& value) {
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (name == "$ref" || refers(member)) return true;
    }
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array) {
      if (refers(item)) return true;
    }
  }
  return false;
}

Result<SettingInfo> read_info(const std::string& name, const json::object& property) {
  SettingInfo info;
  const auto delivery = string_or(property, "delivery", "env");
  if (delivery != "env" && delivery != "twin") {
    return fail(Code::invalid_argument, "'{}' has delivery '{}', which is neither env nor twin",
                name, delivery);
  }
  info.delivery = delivery == "twin" ? Delivery::twin : Delivery::env;
  info.type = string_or(property, "type", "");
  info.description = string_or(property, "description", "");
  const auto variable = optional_string(property, "env");
  if (info.delivery == Delivery::twin) {
    if (variable) {
      return fail(Code::invalid_argument, "'{}' goes to the twin and names a variable", name);
    }
    return info;
  }
  info.variable = variable ? *variable : variable_of(name);
  if (info.variable.empty() || info.variable.find_first_of(".$ #=\t\n") != std::string::npos) {
    return fail(Code::invalid_argument, "'{}' has '{}', which names no variable", name,
                info.variable);
  }
  return info;
}

// "<root>", "[rate]" -> "rate"
std::string place_of(const std::vector<std::string>& context) {
  std::string place;
  for (const auto& part : context) {
    if (part == "<root>") continue;
    const bool bracketed = part.size() > 2 && part.front() == '[';
    place += (place.empty() ? "" : ".") + (bracketed ? part.substr(1, part.size() - 2) : part);
  }
  return place;
}

}  // namespace

std::string_view to_string(Delivery delivery) {
  return delivery == Delivery::twin ? "twin" : "env";
}

std::string variable_of(std::string_view setting) {
  std::string variable;
  for (std::size_t i = 0; i < setting.size(); ++i) {
    const char c = setting[i];
    if (is_upper(c) && i > 0 && !is_upper(setting[i - 1]) && setting[i - 1] != '_' &&
        setting[i - 1] != '-') {
      variable += '_';
    }
    if (c >= 'a' && c <= 'z') {
      variable += static_cast<char>(c - 'a' + 'A');
    } else {
      variable += c == '-' ? '_' : c;
    }
  }
  return variable;
}

SettingSchema::SettingSchema() : validator_(std::make_unique<Validator>()) {}
SettingSchema::~SettingSchema() = default;

Result<std::shared_ptr<const SettingSchema>> SettingSchema::parse(const json::object& schema) {
  if (string_or(schema, "type", "object") != "object") {
    return fail(Code::invalid_argument, "it must be the schema of an object");
  }
  const auto* properties = find_object(schema, "properties");
  if (!properties || properties->empty()) {
    return fail(Code::invalid_argument, "it needs 'properties': they are the settings");
  }
  if (refers(schema)) return fail(Code::invalid_argument, "it must not use '$ref'");
  std::shared_ptr<SettingSchema> result(new SettingSchema);
  std::set<std::string> variables;
  for (const auto& [name, property] : *properties) {
    const std::string setting(name);
    auto good = check_setting_name(setting);
    if (!good) return fail(std::move(good).error());
    if (!property.is_object()) {
      return fail(Code::invalid_argument, "the property '{}' must be an object", setting);
    }
    auto info = read_info(setting, property.as_object());
    if (!info) return fail(std::move(info).error());
    if (!info->variable.empty() && !variables.insert(info->variable).second) {
      return fail(Code::invalid_argument, "two settings are the variable {}", info->variable);
    }
    const auto* fallback = property.as_object().if_contains("default");
    if (fallback && !fallback->is_null()) result->defaults_[setting] = *fallback;
    result->settings_.emplace(setting, *std::move(info));
  }
  json::object closed = schema;
  if (!closed.contains("additionalProperties")) closed["additionalProperties"] = false;
  const json::value document(std::move(closed));
  try {
    valijson::SchemaParser parser;
    const valijson::adapters::BoostJsonAdapter adapter(document);
    parser.populateSchema(adapter, result->validator_->schema);
  } catch (const std::exception& error) {
    return fail(Code::invalid_argument, "it is no JSON Schema: {}", error.what());
  }
  // What is required is asked of the whole; each default must do by itself.
  for (const auto& [setting, value] : result->defaults_) {
    for (const auto& words : result->check(json::object{{setting, value}})) {
      if (words.starts_with(setting)) {
        return fail(Code::invalid_argument, "a default is not allowed: {}", words);
      }
    }
  }
  return std::shared_ptr<const SettingSchema>(std::move(result));
}

const SettingInfo* SettingSchema::find(const std::string& setting) const {
  const auto found = settings_.find(setting);
  return found == settings_.end() ? nullptr : &found->second;
}

std::vector<std::string> SettingSchema::check(const json::object& values) const {
  const json::value document(values);
  std::vector<std::string> words;
  try {
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::BoostJsonAdapter adapter(document);
    if (validator.validate(validator_->schema, adapter, &results)) return words;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      const auto place = place_of(error.context);
      // What an inner error says is said once more by everything around it.
      if (error.description.starts_with("Failed to validate against schema")) continue;
      words.push_back((place.empty() ? "" : place + ": ") + error.description);
    }
    if (words.empty()) words.emplace_back("the values do not fit the component's schema");
  } catch (const std::exception& error) {
    words.push_back(error.what());
  }
  return words;
}

}  // namespace ferry::fleet
