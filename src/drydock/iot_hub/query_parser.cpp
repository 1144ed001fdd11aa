// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.hpp"
#include "drydock/iot_hub/query.hpp"

namespace drydock::iot_hub::query {
namespace {

using ferry::Code;
using ferry::equals_ignore_case;
using ferry::fail;
using Kind = Expression::Kind;

constexpr int kDepth = 64;  // of parentheses and NOTs

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
    if (is_word("GROUP") || is_word("ORDER")) {
      return fail(Code::unsupported, "position {}: {} BY is not supported by Drydock",
                  here().position, ferry::to_upper(here().text));
    }
    if (auto done = end(); !done) return fail(std::move(done).error());
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
    if (select.count && select.columns.size() > 1) {
      return fail(Code::unsupported, "count() beside other columns is not supported by Drydock");
    }
    return {};
  }

  Result<void> column(Select& select) {
    Column column;
    for (std::string_view function : {"sum", "avg", "min", "max"}) {
      if (is_word(function) && tokens_[at_ + 1].text == "(") {
        return fail(Code::unsupported, "position {}: {}() is not supported by Drydock",
                    here().position, function);
      }
    }
    if (is_word("count") && tokens_[at_ + 1].text == "(") {
      at_ += 2;
      accept_symbol("*");
      if (auto done = expect_symbol(")"); !done) return done;
      select.count = true;
      column.name = "count";
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
    if (is_word("jobs")) {
      return fail(Code::unsupported, "FROM devices.jobs is not supported by Drydock");
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
    if (path.size() > 1 && equals_ignore_case(path[0], "devices")) path.erase(path.begin());
    if (path.size() > 1 && equals_ignore_case(path[0], "modules")) path.erase(path.begin());
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
    auto left = operand();
    if (!left) return left;
    static constexpr std::pair<std::string_view, Kind> kOperators[] = {
        {"=", Kind::equal},          {"!=", Kind::not_equal}, {"<>", Kind::not_equal},
        {"<=", Kind::less_or_equal}, {"<", Kind::less},       {">=", Kind::greater_or_equal},
        {">", Kind::greater}};
    for (const auto& [symbol, kind] : kOperators) {
      if (!accept_symbol(symbol)) continue;
      auto right = operand();
      if (!right) return right;
      Expression result{kind, nullptr, {}, {}};
      result.operands.push_back(*std::move(left));
      result.operands.push_back(*std::move(right));
      return result;
    }
    if (accept_word("IN")) return candidates(Kind::in, *std::move(left));
    if (accept_word("NIN")) return candidates(Kind::not_in, *std::move(left));
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
    if (accept_word("true")) return Expression{Kind::literal, true, {}, {}};
    if (accept_word("false")) return Expression{Kind::literal, false, {}, {}};
    if (accept_word("null")) return Expression{Kind::literal, nullptr, {}, {}};
    if (here().kind == TokenKind::word && tokens_[at_ + 1].kind == TokenKind::symbol &&
        tokens_[at_ + 1].text == "(") {
      return function();
    }
    auto found = path();
    if (!found) return fail(std::move(found).error());
    return Expression{Kind::path, nullptr, *std::move(found), {}};
  }

  Result<Expression> number() {
    boost::system::error_code failure;
    json::value value = json::parse(here().text, failure);
    if (failure) return unexpected("a number");
    advance();
    return Expression{Kind::literal, std::move(value), {}, {}};
  }

  Result<Expression> function() {
    struct Function {
      std::string_view name;
      Kind kind;
      std::size_t arguments;
    };
    static constexpr Function kFunctions[] = {
        {"IS_DEFINED", Kind::is_defined, 1},        {"STARTSWITH", Kind::starts_with, 2},
        {"STARTS_WITH", Kind::starts_with, 2},      {"ENDSWITH", Kind::ends_with, 2},
        {"ENDS_WITH", Kind::ends_with, 2},          {"CONTAINS", Kind::contains, 2},
        {"ARRAY_CONTAINS", Kind::array_contains, 2}};
    for (const Function& known : kFunctions) {
      if (!is_word(known.name)) continue;
      at_ += 2;
      Expression call{known.kind, nullptr, {}, {}};
      for (std::size_t index = 0; index < known.arguments; ++index) {
        if (index > 0) {
          if (auto done = expect_symbol(","); !done) return fail(std::move(done).error());
        }
        auto argument = operand();
        if (!argument) return argument;
        call.operands.push_back(*std::move(argument));
      }
      if (auto done = expect_symbol(")"); !done) return fail(std::move(done).error());
      if (known.kind == Kind::is_defined && call.operands[0].kind != Kind::path) {
        return fail(Code::invalid_argument, "IS_DEFINED takes a property");
      }
      return call;
    }
    return fail(Code::invalid_argument, "position {}: there is no function {}()", here().position,
                here().text);
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
