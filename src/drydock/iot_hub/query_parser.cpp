// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.hpp"
#include "drydock/iot_hub/query.hpp"

namespace drydock::iot_hub::query {
namespace {

using ferry::Code;
using ferry::equals_ignore_case;
using ferry::fail;
using Kind = Expression::Kind;

constexpr int kDepth = 64;  // of parentheses, NOTs and terms

constexpr std::pair<std::string_view, Column::Aggregate> kAggregates[] = {
    {"count", Column::Aggregate::count},
    {"sum", Column::Aggregate::sum},
    {"avg", Column::Aggregate::average},
    {"min", Column::Aggregate::least},
    {"max", Column::Aggregate::greatest}};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Select> select() {
    Select select;
    if (auto done = expect_word("SELECT"); !done) return fail(std::move(done).error());
    if (auto done = columns(select); !done) return fail(std::move(done).error());
    if (auto done = from(select); !done) return fail(std::move(done).error());
    if (accept_word("WHERE")) {
      auto where = expression();
      if (!where) return fail(std::move(where).error());
      select.where = *std::move(where);
    }
    if (accept_word("GROUP")) {
      if (auto done = groups(select); !done) return fail(std::move(done).error());
    }
    if (auto done = end(); !done) return fail(std::move(done).error());
    if (auto done = check(select); !done) return fail(std::move(done).error());
    return select;
  }

  Result<Expression> condition() {
    if (accept_symbol("*")) {
      if (auto done = end(); !done) return fail(std::move(done).error());
      return Expression{Kind::literal, true, {}, {}};
    }
    auto result = expression();
    if (!result) return result;
    if (auto done = end(); !done) return fail(std::move(done).error());
    return result;
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  bool is_word(std::string_view word) const {
    return here().kind == TokenKind::word && equals_ignore_case(here().text, word);
  }
  bool is_symbol(std::string_view symbol) const {
    return here().kind == TokenKind::symbol && here().text == symbol;
  }
  bool accept_word(std::string_view word) { return is_word(word) && advance(); }
  bool accept_symbol(std::string_view symbol) { return is_symbol(symbol) && advance(); }
  bool advance() {
    ++at_;
    return true;
  }
  ferry::Unexpected unexpected(std::string_view wanted) const {
    return fail(Code::invalid_argument, "position {}: {} expected, found {}", here().position,
                wanted, here().kind == TokenKind::end ? "the end" : "'" + here().text + "'");
  }
  Result<void> expect_word(std::string_view word) {
    if (!accept_word(word)) return unexpected(word);
    return {};
  }
  Result<void> expect_symbol(std::string_view symbol) {
    if (!accept_symbol(symbol)) return unexpected(fmt::format("'{}'", symbol));
    return {};
  }
  Result<void> end() const {
    if (here().kind != TokenKind::end) return unexpected("the end");
    return {};
  }

  Result<void> columns(Select& select) {
    if (accept_word("TOP")) {
      if (here().kind != TokenKind::number) return unexpected("a number");
      select.top = std::strtoll(here().text.c_str(), nullptr, 10);
      if (*select.top < 1) return unexpected("a number above 0");
      advance();
    }
    if (accept_symbol("*")) return {};
    do {
      if (auto done = column(select); !done) return done;
    } while (accept_symbol(","));
    return {};
  }

  Result<void> groups(Select& select) {
    if (auto done = expect_word("BY"); !done) return done;
    do {
      auto group = path();
      if (!group) return fail(std::move(group).error());
      select.groups.push_back(*std::move(group));
    } while (accept_symbol(","));
    return {};
  }

  static Result<void> check(const Select& select) {
    const bool star = select.columns.empty();
    if (select.from == Select::From::jobs && (!star || select.aggregates())) {
      return fail(Code::invalid_argument, "FROM devices.jobs goes with SELECT * alone");
    }
    if (!select.aggregates()) return {};
    if (star) return fail(Code::invalid_argument, "GROUP BY does not go with SELECT *");
    for (const Column& column : select.columns) {
      const bool grouped = std::ranges::find(select.groups, column.path) != select.groups.end();
      if (column.aggregate == Column::Aggregate::none && !grouped) {
        return fail(Code::invalid_argument, "the column {} is not one of GROUP BY", column.name);
      }
    }
    return {};
  }

  Result<void> column(Select& select) {
    Column column;
    const auto* aggregate =
        std::ranges::find_if(kAggregates, [&](const auto& known) { return is_word(known.first); });
    if (aggregate != std::end(kAggregates) && begins_call()) {
      at_ += 2;
      column.aggregate = aggregate->second;
      column.name = aggregate->first;
      if (column.aggregate == Column::Aggregate::count) {
        accept_symbol("*");
      } else {
        auto argument = path();
        if (!argument) return fail(std::move(argument).error());
        column.path = *std::move(argument);
      }
      if (auto done = expect_symbol(")"); !done) return done;
    } else {
      auto parsed = path();
      if (!parsed) return fail(std::move(parsed).error());
      column.path = *std::move(parsed);
      column.name = column.path.back();
    }
    if (accept_word("AS")) {
      if (here().kind != TokenKind::word && here().kind != TokenKind::quoted_name) {
        return unexpected("a name");
      }
      column.name = here().text;
      advance();
    }
    select.columns.push_back(std::move(column));
    return {};
  }

  Result<void> from(Select& select) {
    if (auto done = expect_word("FROM"); !done) return done;
    if (!accept_word("devices")) return unexpected("devices or devices.modules");
    if (!accept_symbol(".")) return {};
    if (accept_word("jobs")) {
      select.from = Select::From::jobs;
      return {};
    }
    select.from = Select::From::modules;
    return expect_word("modules");
  }

  Result<Path> path() {
    Path path;
    do {
      if (here().kind != TokenKind::word && here().kind != TokenKind::quoted_name) {
        return unexpected("a property");
      }
      path.push_back(here().text);
      advance();
    } while (accept_symbol("."));
    // "devices.deviceId" and "devices.modules.deviceId" name the collection in front.
    for (std::string_view collection : {"devices", "modules", "jobs"}) {
      if (path.size() > 1 && equals_ignore_case(path[0], collection)) path.erase(path.begin());
    }
    return path;
  }

  Result<Expression> expression() { return chain(Kind::disjunction, "OR", &Parser::conjunction); }
  Result<Expression> conjunction() { return chain(Kind::conjunction, "AND", &Parser::negation); }

  Result<Expression> chain(Kind kind, std::string_view word,
                           Result<Expression> (Parser::*operand)()) {
    auto first = (this->*operand)();
    if (!first || !is_word(word)) return first;
    Expression all{kind, nullptr, {}, {}};
    all.operands.push_back(*std::move(first));
    while (accept_word(word)) {
      auto next = (this->*operand)();
      if (!next) return next;
      all.operands.push_back(*std::move(next));
    }
    return all;
  }

  Result<Expression> negation() {
    if (!is_word("NOT")) return comparison();
    if (++depth_ > kDepth) return unexpected("less nesting");
    advance();
    auto inner = negation();
    --depth_;
    if (!inner) return inner;
    Expression result{Kind::negation, nullptr, {}, {}};
    result.operands.push_back(*std::move(inner));
    return result;
  }

  Result<Expression> comparison() {
    auto left = sum();
    if (!left) return left;
    static constexpr std::pair<std::string_view, Kind> kOperators[] = {
        {"=", Kind::equal},          {"!=", Kind::not_equal}, {"<>", Kind::not_equal},
        {"<=", Kind::less_or_equal}, {"<", Kind::less},       {">=", Kind::greater_or_equal},
        {">", Kind::greater}};
    for (const auto& [symbol, kind] : kOperators) {
      if (!accept_symbol(symbol)) continue;
      auto right = sum();
      if (!right) return right;
      return pair(kind, *std::move(left), *std::move(right));
    }
    if (accept_word("IN")) return candidates(Kind::in, *std::move(left));
    if (accept_word("NIN")) return candidates(Kind::not_in, *std::move(left));
    return left;
  }

  static Expression pair(Kind kind, Expression left, Expression right) {
    Expression result{kind, nullptr, {}, {}};
    result.operands.push_back(std::move(left));
    result.operands.push_back(std::move(right));
    return result;
  }

  using Operators = std::span<const std::pair<std::string_view, Kind>>;
  Result<Expression> sum() {
    static constexpr std::pair<std::string_view, Kind> kOperators[] = {{"+", Kind::add},
                                                                       {"-", Kind::subtract}};
    return terms(kOperators, &Parser::product);
  }
  Result<Expression> product() {
    static constexpr std::pair<std::string_view, Kind> kOperators[] = {
        {"*", Kind::multiply}, {"/", Kind::divide}, {"%", Kind::modulo}};
    return terms(kOperators, &Parser::operand);
  }
  Result<Expression> terms(Operators operators, Result<Expression> (Parser::*operand)()) {
    auto left = (this->*operand)();
    for (int count = 0; left; ++count) {
      const auto found = std::ranges::find_if(
          operators, [&](const auto& known) { return is_symbol(known.first); });
      if (found == operators.end()) return left;
      if (count >= kDepth) return unexpected("fewer terms");
      advance();
      auto right = (this->*operand)();
      if (!right) return right;
      left = pair(found->second, *std::move(left), *std::move(right));
    }
    return left;
  }

  Result<Expression> candidates(Kind kind, Expression value) {
    Expression result{kind, nullptr, {}, {}};
    result.operands.push_back(std::move(value));
    const bool round = is_symbol("(");
    if (auto done = expect_symbol(round ? "(" : "["); !done) return fail(std::move(done).error());
    do {
      auto candidate = operand();
      if (!candidate) return candidate;
      result.operands.push_back(*std::move(candidate));
    } while (accept_symbol(","));
    if (auto done = expect_symbol(round ? ")" : "]"); !done) return fail(std::move(done).error());
    return result;
  }

  Result<Expression> operand() {
    if (accept_symbol("(")) {
      if (++depth_ > kDepth) return unexpected("less nesting");
      auto inner = expression();
      --depth_;
      if (!inner) return inner;
      if (auto done = expect_symbol(")"); !done) return fail(std::move(done).error());
      return inner;
    }
    if (here().kind == TokenKind::string) {
      Expression result{Kind::literal, json::value(here().text), {}, {}};
      advance();
      return result;
    }
    if (here().kind == TokenKind::number) return number();
    if (is_symbol("-") && tokens_[at_ + 1].kind == TokenKind::number) {
      advance();
      auto result = number();
      if (!result) return result;
      json::value& value = result->literal;
      if (value.is_uint64()) return unexpected("a smaller number");
      value = value.is_int64() ? json::value(-value.get_int64()) : json::value(-value.get_double());
      return result;
    }
    if (accept_word("true")) return Expression{Kind::literal, true, {}, {}};
    if (accept_word("false")) return Expression{Kind::literal, false, {}, {}};
    if (accept_word("null")) return Expression{Kind::literal, nullptr, {}, {}};
    if (begins_call()) return function();
    auto found = path();
    if (!found) return fail(std::move(found).error());
    return Expression{Kind::path, nullptr, *std::move(found), {}};
  }

  bool begins_call() const {
    return here().kind == TokenKind::word && tokens_[at_ + 1].kind == TokenKind::symbol &&
           tokens_[at_ + 1].text == "(";
  }

  Result<Expression> number() {
    boost::system::error_code failure;
    json::value value = json::parse(here().text, failure);
    if (failure) return unexpected("a number");
    advance();
    return Expression{Kind::literal, std::move(value), {}, {}};
  }

  Result<Expression> function() {
    struct Predicate {
      std::string_view name;
      Kind kind;
      std::size_t arguments;
    };
    static constexpr Predicate kPredicates[] = {
        {"IS_DEFINED", Kind::is_defined, 1},        {"STARTSWITH", Kind::starts_with, 2},
        {"STARTS_WITH", Kind::starts_with, 2},      {"ENDSWITH", Kind::ends_with, 2},
        {"ENDS_WITH", Kind::ends_with, 2},          {"CONTAINS", Kind::contains, 2},
        {"ARRAY_CONTAINS", Kind::array_contains, 2}};
    if (++depth_ > kDepth) return unexpected("less nesting");
    for (const Predicate& known : kPredicates) {
      if (!is_word(known.name)) continue;
      at_ += 2;
      Expression call{known.kind, nullptr, {}, {}};
      for (std::size_t index = 0; index < known.arguments; ++index) {
        if (index > 0) {
          if (auto done = expect_symbol(","); !done) return fail(std::move(done).error());
        }
        auto argument = sum();
        if (!argument) return argument;
        call.operands.push_back(*std::move(argument));
      }
      if (auto done = expect_symbol(")"); !done) return fail(std::move(done).error());
      if (known.kind == Kind::is_defined && call.operands[0].kind != Kind::path) {
        return fail(Code::invalid_argument, "IS_DEFINED takes a property");
      }
      --depth_;
      return call;
    }
    const Function* function = find_function(here().text);
    if (!function) {
      return fail(Code::invalid_argument, "position {}: there is no function {}()", here().position,
                  here().text);
    }
    Expression call{Kind::call, nullptr, {}, {}, function};
    at_ += 2;
    do {
      auto argument = sum();
      if (!argument) return argument;
      call.operands.push_back(*std::move(argument));
    } while (accept_symbol(","));
    --depth_;
    if (call.operands.size() < function->fewest || call.operands.size() > function->most) {
      return fail(Code::invalid_argument, "{}() does not take {} arguments", function->name,
                  call.operands.size());
    }
    if (auto done = expect_symbol(")"); !done) return fail(std::move(done).error());
    return call;
  }

  std::vector<Token> tokens_;  // ends with TokenKind::end
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Select> parse_select(std::string_view text) {
  auto tokens = tokenize(text);
  if (!tokens) return fail(std::move(tokens).error());
  return Parser(*std::move(tokens)).select();
}

Result<Expression> parse_condition(std::string_view text) {
  auto tokens = tokenize(text);
  if (!tokens) return fail(std::move(tokens).error());
  return Parser(*std::move(tokens)).condition();
}

}  // namespace drydock::iot_hub::query
