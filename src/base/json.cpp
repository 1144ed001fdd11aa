// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

namespace ferry {
namespace {

template <class T>
Result<T> missing(std::string_view name, std::string_view kind) {
  return fail(Code::invalid_argument, "member '{}' is missing or is not {}", name, kind);
}

void pretty(const json::value& value, std::string& out, const std::string& indent) {
  const std::string deeper = indent + "  ";
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += "{\n";
    for (auto it = object->begin(); it != object->end(); ++it) {
      out += deeper + json::serialize(it->key()) + ": ";
      pretty(it->value(), out, deeper);
      out += std::next(it) == object->end() ? "\n" : ",\n";
    }
    out += indent + "}";
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += "[\n";
    for (auto it = array->begin(); it != array->end(); ++it) {
      out += deeper;
      pretty(*it, out, deeper);
      out += std::next(it) == array->end() ? "\n" : ",\n";
    }
    out += indent + "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return fail(Code::invalid_argument, "not valid JSON: {}", error.message());
  return value;
}

Result<json::object> parse_json_object(std::string_view text) {
  auto value = parse_json(text);
  if (!value) return fail(std::move(value).error());
  if (!value->is_object()) return fail(Code::invalid_argument, "the JSON text is not an object");
  return std::move(value->as_object());
}

Result<std::string> require_string(const json::object& object, std::string_view name) {
  auto value = optional_string(object, name);
  if (!value) return missing<std::string>(name, "a string");
  return *std::move(value);
}

Result<std::int64_t> require_int(const json::object& object, std::string_view name) {
  const auto value = optional_int(object, name);
  if (!value) return missing<std::int64_t>(name, "a whole number");
  return *value;
}

Result<json::object> require_object(const json::object& object, std::string_view name) {
  const auto* value = find_object(object, name);
  if (!value) return missing<json::object>(name, "an object");
  return *value;
}

Result<json::array> require_array(const json::object& object, std::string_view name) {
  const auto* value = find_array(object, name);
  if (!value) return missing<json::array>(name, "an array");
  return *value;
}

std::optional<std::string> optional_string(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> optional_int(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (!value || !value->is_number()) return std::nullopt;
  json::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  if (error) return std::nullopt;
  return number;
}

std::optional<bool> optional_bool(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (!value || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

std::string string_or(const json::object& object, std::string_view name,
                      std::string_view fallback) {
  return optional_string(object, name).value_or(std::string(fallback));
}

std::int64_t int_or(const json::object& object, std::string_view name, std::int64_t fallback) {
  return optional_int(object, name).value_or(fallback);
}

bool bool_or(const json::object& object, std::string_view name, bool fallback) {
  return optional_bool(object, name).value_or(fallback);
}

const json::value* find_path(const json::object& object, std::string_view dotted_path) {
  const auto dot = dotted_path.find('.');
  const json::value* member = object.if_contains(dotted_path.substr(0, dot));
  if (!member || dot == std::string_view::npos) return member;
  return find_path(*member, dotted_path.substr(dot + 1));
}

const json::value* find_path(const json::value& value, std::string_view dotted_path) {
  const auto* object = value.if_object();
  return object ? find_path(*object, dotted_path) : nullptr;
}

const json::object* find_object(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value ? value->if_object() : nullptr;
}

const json::array* find_array(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value ? value->if_array() : nullptr;
}

std::string pretty_json(const json::value& value) {
  std::string text;
  pretty(value, text, "");
  return text + "\n";
}

}  // namespace ferry
