// SPDX-License-Identifier: Apache-2.0
// The functions of the query language that give a value.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/encoding.hpp"
#include "drydock/iot_hub/query.hpp"

namespace drydock::iot_hub::query {
namespace {

using Value = std::optional<json::value>;

std::optional<double> number_of(const json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

const json::string* text_of(const json::value* value) {
  return value == nullptr ? nullptr : value->if_string();
}

// Whole numbers stay whole, so that they compare and print as such.
Value number(double result) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (!std::isfinite(result)) return std::nullopt;
  if (std::trunc(result) == result && std::abs(result) < kExact) {
    return json::value(static_cast<std::int64_t>(result));
  }
  return json::value(result);
}

template <double (*Compute)(double)>
Value compute(Arguments arguments) {
  const auto x = number_of(arguments[0]);
  return x ? number(Compute(*x)) : Value();
}

double square(double x) {
  return x * x;
}
double sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}
double absolute(double x) {
  return std::abs(x);
}
double exponential(double x) {
  return std::exp(x);
}
double ceiling(double x) {
  return std::ceil(x);
}
double floor_of(double x) {
  return std::floor(x);
}
double square_root(double x) {
  return std::sqrt(x);
}

Value power(Arguments arguments) {
  const auto x = number_of(arguments[0]);
  const auto y = number_of(arguments[1]);
  return x && y ? number(std::pow(*x, *y)) : Value();
}

Value as_number(Arguments arguments) {
  if (const auto x = number_of(arguments[0])) return *arguments[0];
  const json::string* text = text_of(arguments[0]);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = ferry::trim(*text);
  double parsed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number(parsed);
}

template <bool (*Holds)(const json::value&)>
Value is(Arguments arguments) {
  return json::value(arguments[0] != nullptr && Holds(*arguments[0]));
}
bool is_array(const json::value& value) {
  return value.is_array();
}
bool is_bool(const json::value& value) {
  return value.is_bool();
}
bool is_null(const json::value& value) {
  return value.is_null();
}
bool is_number(const json::value& value) {
  return value.is_number();
}
bool is_object(const json::value& value) {
  return value.is_object();
}
bool is_string(const json::value& value) {
  return value.is_string();
}
bool is_primitive(const json::value& value) {
  return !value.is_structured();
}

Value concat(Arguments arguments) {
  std::string result;
  for (const json::value* argument : arguments) {
    const json::string* text = text_of(argument);
    if (text == nullptr) return std::nullopt;
    result += std::string_view(*text);
  }
  return json::value(result);
}

Value length(Arguments arguments) {
  const json::string* text = text_of(arguments[0]);
  if (text == nullptr) return std::nullopt;
  // Characters, not bytes: all but the bytes that continue one in UTF-8.
  return json::value(std::ranges::count_if(*text, [](char c) { return (c & 0xC0) != 0x80; }));
}

template <std::string (*Convert)(std::string_view)>
Value convert(Arguments arguments) {
  const json::string* text = text_of(arguments[0]);
  return text == nullptr ? Value() : json::value(Convert(*text));
}

Value substring(Arguments arguments) {
  const json::string* text = text_of(arguments[0]);
  const auto start = number_of(arguments[1]);
  const auto count = arguments.size() > 2 ? number_of(arguments[2]) : std::optional<double>(1e9);
  if (text == nullptr || !start || !count || *start < 0 || *count < 0) return std::nullopt;
  if (*start >= static_cast<double>(text->size())) return json::value("");
  const auto from = static_cast<std::size_t>(*start);
  const auto rest = static_cast<double>(text->size() - from);
  return json::value(
      std::string_view(*text).substr(from, static_cast<std::size_t>(std::min(*count, rest))));
}

Value index_of(Arguments arguments) {
  const json::string* text = text_of(arguments[0]);
  const json::string* part = text_of(arguments[1]);
  if (text == nullptr || part == nullptr) return std::nullopt;
  const std::size_t found = std::string_view(*text).find(*part);
  return json::value(found == std::string_view::npos ? std::int64_t{-1}
                                                     : static_cast<std::int64_t>(found));
}

constexpr std::size_t kMany = 16;
constexpr Function kFunctions[] = {
    {"ABS", 1, 1, compute<absolute>},
    {"EXP", 1, 1, compute<exponential>},
    {"POWER", 2, 2, power},
    {"SQUARE", 1, 1, compute<square>},
    {"CEILING", 1, 1, compute<ceiling>},
    {"FLOOR", 1, 1, compute<floor_of>},
    {"SIGN", 1, 1, compute<sign>},
    {"SQRT", 1, 1, compute<square_root>},
    {"AS_NUMBER", 1, 1, as_number},
    {"IS_ARRAY", 1, 1, is<is_array>},
    {"IS_BOOL", 1, 1, is<is_bool>},
    {"IS_NULL", 1, 1, is<is_null>},
    {"IS_NUMBER", 1, 1, is<is_number>},
    {"IS_OBJECT", 1, 1, is<is_object>},
    {"IS_PRIMITIVE", 1, 1, is<is_primitive>},
    {"IS_STRING", 1, 1, is<is_string>},
    {"CONCAT", 2, kMany, concat},
    {"LENGTH", 1, 1, length},
    {"LOWER", 1, 1, convert<ferry::to_lower>},
    {"UPPER", 1, 1, convert<ferry::to_upper>},
    {"SUBSTRING", 2, 3, substring},
    {"INDEX_OF", 2, 2, index_of},
};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto* found = std::ranges::find_if(kFunctions, [&](const Function& known) {
    return ferry::equals_ignore_case(known.name, name);
  });
  return found == std::end(kFunctions) ? nullptr : found;
}

std::optional<json::value> calculate(Expression::Kind kind, const json::value& a,
                                     const json::value& b) {
  const auto x = number_of(&a);
  const auto y = number_of(&b);
  if (!x || !y) return std::nullopt;
  switch (kind) {
    case Expression::Kind::add:
      return number(*x + *y);
    case Expression::Kind::subtract:
      return number(*x - *y);
    case Expression::Kind::multiply:
      return number(*x * *y);
    case Expression::Kind::divide:
      return number(*x / *y);
    default:
      return number(std::fmod(*x, *y));
  }
}

}  // namespace drydock::iot_hub::query
