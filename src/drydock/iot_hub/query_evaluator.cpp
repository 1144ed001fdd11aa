// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.hpp"
#include "drydock/iot_hub/query.hpp"

namespace drydock::iot_hub::query {
namespace {

using Kind = Expression::Kind;

Truth truth(bool yes) {
  return yes ? Truth::yes : Truth::no;
}

bool is_arithmetic(Kind kind) {
  return kind >= Kind::add && kind <= Kind::modulo;
}

Found value_of(const Expression& expression, const Source& source);

Found call(const Expression& expression, const Source& source) {
  std::vector<Found> values;
  values.reserve(expression.operands.size());
  for (const Expression& operand : expression.operands) values.push_back(value_of(operand, source));
  std::vector<const json::value*> arguments;
  for (const Found& value : values) arguments.push_back(value.get());
  return Found{nullptr, expression.function->run(arguments)};
}

Found value_of(const Expression& expression, const Source& source) {
  if (expression.kind == Kind::literal) return Found{&expression.literal, std::nullopt};
  if (expression.kind == Kind::path) return source.find(expression.path);
  if (expression.kind == Kind::call) return call(expression, source);
  if (is_arithmetic(expression.kind)) {
    const Found a = value_of(expression.operands[0], source);
    const Found b = value_of(expression.operands[1], source);
    if (!a.get() || !b.get()) return {};
    return Found{nullptr, calculate(expression.kind, *a.get(), *b.get())};
  }
  const Truth result = evaluate(expression, source);
  if (result == Truth::undefined) return {};
  return Found{nullptr, json::value(result == Truth::yes)};
}

Truth evaluate_comparison(Kind kind, const json::value& a, const json::value& b) {
  const auto order = compare(a, b);
  if (!order) return Truth::undefined;
  switch (kind) {
    case Kind::equal:
      return truth(*order == 0);
    case Kind::not_equal:
      return truth(*order != 0);
    case Kind::less:
      return truth(*order < 0);
    case Kind::less_or_equal:
      return truth(*order <= 0);
    case Kind::greater:
      return truth(*order > 0);
    default:
      return truth(*order >= 0);
  }
}

Truth evaluate_in(const Expression& expression, const Source& source) {
  const Found value = value_of(expression.operands[0], source);
  if (!value.get()) return Truth::undefined;
  bool found = false;
  for (std::size_t index = 1; index < expression.operands.size(); ++index) {
    const Found candidate = value_of(expression.operands[index], source);
    found = found || (candidate.get() && compare(*value.get(), *candidate.get()) == 0);
  }
  return truth(found == (expression.kind == Kind::in));
}

Truth evaluate_function(Kind kind, const json::value& subject, const json::value& argument) {
  if (kind == Kind::array_contains) {
    if (!subject.is_array()) return Truth::undefined;
    for (const json::value& element : subject.get_array()) {
      if (element == argument) return Truth::yes;
    }
    return Truth::no;
  }
  if (!subject.is_string() || !argument.is_string()) return Truth::undefined;
  const std::string_view text = subject.get_string();
  const std::string_view part = argument.get_string();
  if (kind == Kind::starts_with) return truth(text.starts_with(part));
  if (kind == Kind::ends_with) return truth(text.ends_with(part));
  return truth(text.find(part) != std::string_view::npos);
}

// AND is no as soon as one side is no, OR is yes as soon as one side is yes, whatever is undefined.
Truth evaluate_chain(const Expression& expression, const Source& source) {
  const Truth decisive = expression.kind == Kind::conjunction ? Truth::no : Truth::yes;
  bool undefined = false;
  for (const Expression& operand : expression.operands) {
    const Truth part = evaluate(operand, source);
    if (part == decisive) return decisive;
    undefined = undefined || part == Truth::undefined;
  }
  if (undefined) return Truth::undefined;
  return decisive == Truth::no ? Truth::yes : Truth::no;
}

}  // namespace

std::optional<int> compare(const json::value& a, const json::value& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.is_int64() && b.is_int64()) return order(a.get_int64(), b.get_int64());
  if (a.is_number() && b.is_number()) return order(a.to_number<double>(), b.to_number<double>());
  if (a.is_string() && b.is_string()) return order(a.get_string(), b.get_string());
  if (a.is_bool() && b.is_bool()) return order(a.get_bool(), b.get_bool());
  if (a.is_null() && b.is_null()) return 0;
  return std::nullopt;
}

Truth evaluate(const Expression& expression, const Source& source) {
  switch (expression.kind) {
    case Kind::literal:
    case Kind::path:
    case Kind::add:
    case Kind::subtract:
    case Kind::multiply:
    case Kind::divide:
    case Kind::modulo:
    case Kind::call: {
      const Found value = value_of(expression, source);
      if (!value.get() || !value.get()->is_bool()) return Truth::undefined;
      return truth(value.get()->get_bool());
    }
    case Kind::conjunction:
    case Kind::disjunction:
      return evaluate_chain(expression, source);
    case Kind::negation: {
      const Truth inner = evaluate(expression.operands[0], source);
      if (inner == Truth::undefined) return inner;
      return truth(inner == Truth::no);
    }
    case Kind::in:
    case Kind::not_in:
      return evaluate_in(expression, source);
    case Kind::is_defined:
      return truth(source.find(expression.operands[0].path).get() != nullptr);
    default:
      break;
  }
  const Found left = value_of(expression.operands[0], source);
  const Found right = value_of(expression.operands[1], source);
  if (!left.get() || !right.get()) return Truth::undefined;
  switch (expression.kind) {
    case Kind::starts_with:
    case Kind::ends_with:
    case Kind::contains:
    case Kind::array_contains:
      return evaluate_function(expression.kind, *left.get(), *right.get());
    default:
      return evaluate_comparison(expression.kind, *left.get(), *right.get());
  }
}

bool Select::aggregates() const {
  return !groups.empty() || std::ranges::any_of(columns, [](const Column& column) {
    return column.aggregate != Column::Aggregate::none;
  });
}

bool reads(const Expression& expression, const Path& prefix) {
  if (expression.path.size() >= prefix.size() &&
      std::equal(prefix.begin(), prefix.end(), expression.path.begin(),
                 ferry::equals_ignore_case)) {
    return true;
  }
  return std::any_of(expression.operands.begin(), expression.operands.end(),
                     [&](const Expression& operand) { return reads(operand, prefix); });
}

std::optional<std::string> only_device(const Expression& expression) {
  if (expression.kind == Kind::conjunction) {
    for (const Expression& operand : expression.operands) {
      if (auto device = only_device(operand)) return device;
    }
    return std::nullopt;
  }
  if (expression.kind != Kind::equal) return std::nullopt;
  const Expression* path = &expression.operands[0];
  const Expression* literal = &expression.operands[1];
  if (path->kind == Kind::literal) std::swap(path, literal);
  if (path->kind != Kind::path || literal->kind != Kind::literal) return std::nullopt;
  if (path->path.size() != 1 || !ferry::equals_ignore_case(path->path[0], "deviceId") ||
      !literal->literal.is_string()) {
    return std::nullopt;
  }
  return std::string(literal->literal.get_string());
}

}  // namespace drydock::iot_hub::query
