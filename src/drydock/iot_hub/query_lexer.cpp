// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/query.hpp"

namespace drydock::iot_hub::query {
namespace {

using ferry::Code;
using ferry::fail;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      auto token = next();
      if (!token) return fail(std::move(token).error());
      const bool end = token->kind == TokenKind::end;
      tokens.push_back(*std::move(token));
      if (end) return tokens;
    }
  }

 private:
  Result<Token> next() {
    const std::size_t start = at_;
    if (at_ >= text_.size()) return Token{TokenKind::end, "", start + 1};
    const char c = text_[at_];
    if (c == '\'' || c == '"') return string(c);
    if (text_.substr(at_).starts_with("[[")) return quoted_name();
    if (is_digit(c)) return number();
    if (is_word(c)) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      return token(TokenKind::word, start);
    }
    for (std::string_view symbol : {"!=", "<>", "<=", ">="}) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += 2;
      return token(TokenKind::symbol, start);
    }
    if (std::string_view("=<>()[],.*+-/%").find(c) == std::string_view::npos) {
      return fail(Code::invalid_argument, "position {}: '{}' is not understood", start + 1, c);
    }
    ++at_;
    return token(TokenKind::symbol, start);
  }

  Token token(TokenKind kind, std::size_t start) const {
    return Token{kind, std::string(text_.substr(start, at_ - start)), start + 1};
  }

  // A doubled quote inside stands for one; so does one behind a backslash.
  Result<Token> string(char quote) {
    Token token{TokenKind::string, "", at_ + 1};
    ++at_;
    while (at_ < text_.size()) {
      const bool escaped =
          text_[at_] == '\\' && at_ + 1 < text_.size() &&
          (text_[at_ + 1] == '\\' || text_[at_ + 1] == '\'' || text_[at_ + 1] == '"');
      if (escaped) ++at_;
      if (escaped || text_[at_] != quote) {
        token.text.push_back(text_[at_++]);
        continue;
      }
      ++at_;
      if (at_ >= text_.size() || text_[at_] != quote) return token;
      token.text.push_back(text_[at_++]);
    }
    return fail(Code::invalid_argument, "position {}: the string has no end", token.position);
  }

  Result<Token> quoted_name() {
    const std::size_t start = at_;
    const std::size_t end = text_.find("]]", at_);
    if (end == std::string_view::npos) {
      return fail(Code::invalid_argument, "position {}: [[ without ]]", start + 1);
    }
    at_ = end + 2;
    return Token{TokenKind::quoted_name, std::string(text_.substr(start + 2, end - start - 2)),
                 start + 1};
  }

  Result<Token> number() {
    const std::size_t start = at_;
    ++at_;
    const auto digits = [&] {
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    };
    digits();
    if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
      ++at_;
      digits();
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      digits();
    }
    return token(TokenKind::number, start);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) {
  constexpr std::size_t kLongest = 8192;
  if (text.size() > kLongest) {
    return fail(Code::invalid_argument, "the query is longer than {} characters", kLongest);
  }
  return Lexer(text).run();
}

}  // namespace drydock::iot_hub::query
