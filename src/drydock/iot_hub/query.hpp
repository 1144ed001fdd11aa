// SPDX-License-Identifier: Apache-2.0
// IoT Hub's query language: SELECT ... FROM devices|devices.modules|devices.jobs WHERE ... GROUP BY
// ..., and the bare conditions of automatic deployments, jobs and routes. Pure: what a path means
// is a Source's affair.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace drydock::iot_hub::query {

using ferry::Result;
namespace json = ferry::json;

enum class TokenKind { word, quoted_name, string, number, symbol, end };
struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // of a string without quotes, of [[name]] without brackets
  std::size_t position = 0;
};
// Code::invalid_argument with the position, counted from 1, for what is no token.
Result<std::vector<Token>> tokenize(std::string_view text);

using Path = std::vector<std::string>;  // tags.site is {"tags", "site"}

struct Function;

struct Expression {
  enum class Kind {
    literal,
    path,
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    conjunction,
    disjunction,
    negation,
    in,      // operands: the value, then the candidates
    not_in,  // likewise
    is_defined,
    starts_with,
    ends_with,
    contains,
    array_contains,
    // With a value of any type:
    add,
    subtract,
    multiply,
    divide,
    modulo,
    call,  // of `function`
  };
  Kind kind = Kind::literal;
  json::value literal;
  Path path;
  std::vector<Expression> operands;
  const Function* function = nullptr;
};

// Values of arguments; null is undefined.
using Arguments = std::span<const json::value* const>;
struct Function {
  std::string_view name;
  std::size_t fewest;
  std::size_t most;  // arguments
  std::optional<json::value> (*run)(Arguments arguments);
};
const Function* find_function(std::string_view name);  // without case; null: there is none
// Of the arithmetic kinds; nothing for what are no numbers, or has no finite result.
std::optional<json::value> calculate(Expression::Kind kind, const json::value& a,
                                     const json::value& b);

struct Column {
  enum class Aggregate { none, count, sum, average, least, greatest };
  Aggregate aggregate = Aggregate::none;
  Path path;         // empty with count
  std::string name;  // the alias, the function, or the last word of the path
};

struct Select {
  enum class From { devices, modules, jobs };
  From from = From::devices;
  std::vector<Column> columns;  // empty: *
  std::vector<Path> groups;     // GROUP BY
  bool aggregates() const;      // rows are of groups, or one of everything
  std::optional<std::int64_t> top;
  std::optional<Expression> where;
};

// Errors are Code::invalid_argument, or Code::unsupported for what Azure knows and Drydock does
// not.
Result<Select> parse_select(std::string_view text);
// "*" is true for everything. The empty text is refused: its meaning (nothing) is the caller's.
Result<Expression> parse_condition(std::string_view text);

// What paths lead to. A borrowed value must live as long as the evaluation.
struct Found {
  const json::value* borrowed = nullptr;
  std::optional<json::value> owned;
  const json::value* get() const { return owned ? &*owned : borrowed; }  // null: undefined
};
class Source {
 public:
  virtual ~Source() = default;
  virtual Found find(const Path& path) const = 0;
};

// A comparison with a missing property or of different types is undefined, and what is undefined is
// not selected, not even by NOT.
enum class Truth { no, yes, undefined };
Truth evaluate(const Expression& expression, const Source& source);
inline bool matches(const Expression& expression, const Source& source) {
  return evaluate(expression, source) == Truth::yes;
}

// -1, 0, 1; nothing for values that have no order between them.
std::optional<int> compare(const json::value& a, const json::value& b);

// Whether the expression reads a path that begins with these words.
bool reads(const Expression& expression, const Path& prefix);
// The one device that a condition like "deviceId = 'x' AND ..." can hold for.
std::optional<std::string> only_device(const Expression& expression);

}  // namespace drydock::iot_hub::query
