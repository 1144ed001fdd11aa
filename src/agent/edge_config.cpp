// SPDX-License-Identifier: Apache-2.0
#include "agent/edge_config.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr std::string_view kBegin =
    "# >>> Ferry: written by ferry-agent, which also renews the certificate; changes in here are "
    "lost";
constexpr std::string_view kEnd = "# <<< Ferry";
constexpr std::string_view kTable = "provisioning";
// What is Ferry's between its two lines, and somebody else's business outside of them.
constexpr std::array<std::string_view, 2> kEdgeCaTables{"edge_ca", "cert_issuance"};

// A statement with the lines it takes, or a line of comment, or a blank one.
struct Piece {
  enum class Kind { blank, table, key } kind = Kind::blank;
  std::string first_key;  // of the table's name, or of the key
  std::string text;       // with its line breaks
};

// Where the statement that begins at `at` ends, the line break included: strings of several lines
// and arrays go beyond theirs (TOML 1.0, "String" and "Array"). npos when something is left open.
std::size_t end_of_statement(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '"' || c == '\'') {
      const std::string three(3, c);
      const bool several_lines = text.substr(at, 3) == three;
      at += several_lines ? 3 : 1;
      while (true) {
        if (at >= text.size()) return std::string_view::npos;
        if (text[at] == '\\' && c == '"') {
          at += 2;
        } else if (several_lines && text.substr(at, 3) == three) {
          at += 3;
          while (at < text.size() && text[at] == c) ++at;  // quotes that belong to the content
          break;
        } else if (!several_lines && text[at] == c) {
          ++at;
          break;
        } else if (!several_lines && text[at] == '\n') {
          return std::string_view::npos;
        } else {
          ++at;
        }
      }
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    ++at;
    if (c == '\n' && depth <= 0) return at;
  }
  return depth > 0 ? std::string_view::npos : text.size();
}

// The first part of a dotted key; empty when there is none.
std::string first_key(std::string_view text) {
  text = trim(text);
  if (text.empty()) return "";
  if (text.front() == '"' || text.front() == '\'') {
    const auto end = text.find(text.front(), 1);
    return end == std::string_view::npos ? "" : std::string(text.substr(1, end - 1));
  }
  const auto end = text.find_first_of(" \t.=]");
  return std::string(text.substr(0, end));
}

Result<std::vector<Piece>> parse(std::string_view text) {
  std::vector<Piece> pieces;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t line_end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const auto line = trim(text.substr(at, line_end - at));
    Piece piece;
    std::size_t end = line_end;
    if (!line.empty() && line.front() == '[') {
      piece.kind = Piece::Kind::table;
      piece.first_key = first_key(line.substr(line.find_first_not_of('[')));
    } else if (!line.empty() && line.front() != '#') {
      piece.kind = Piece::Kind::key;
      piece.first_key = first_key(line);
      end = end_of_statement(text, at);
      if (line.find('=') == std::string_view::npos || end == std::string_view::npos) {
        return fail(Code::invalid_argument, "the configuration is no TOML from this line on: {}",
                    line);
      }
    }
    if (piece.kind != Piece::Kind::blank && piece.first_key.empty()) {
      return fail(Code::invalid_argument, "the configuration has a line that is no TOML: {}", line);
    }
    piece.text = text.substr(at, end - at);
    pieces.push_back(std::move(piece));
    at = end;
  }
  return pieces;
}

struct Stripped {
  std::string rest;
  bool had_provisioning = false;
  bool was_ferrys = false;
  bool other_edge_ca = false;
};

bool is_of_edge_ca(std::string_view key) {
  return std::find(kEdgeCaTables.begin(), kEdgeCaTables.end(), key) != kEdgeCaTables.end();
}

Result<Stripped> strip(std::string_view existing) {
  auto pieces = parse(existing);
  if (!pieces) return fail(std::move(pieces).error());
  Stripped stripped;
  bool ferrys = false;  // between Ferry's lines
  std::string table;
  for (const auto& piece : *pieces) {
    const auto line = trim(piece.text);
    if (piece.kind == Piece::Kind::blank) {
      const bool ours = line == kBegin || line == kEnd;
      if (ours) ferrys = line == kBegin;
      stripped.was_ferrys |= ours;
      if (!ours) stripped.rest += piece.text;
      continue;
    }
    if (piece.kind == Piece::Kind::table) table = piece.first_key;
    const std::string& subject = table.empty() ? piece.first_key : table;
    const bool provisioning = subject == kTable;
    const bool edge_ca = is_of_edge_ca(subject);
    stripped.had_provisioning |= provisioning;
    stripped.other_edge_ca |= edge_ca && !ferrys;
    if (!provisioning && !(edge_ca && ferrys)) stripped.rest += piece.text;
  }
  while (stripped.rest.ends_with("\n\n")) stripped.rest.pop_back();
  if (!stripped.rest.empty() && !stripped.rest.ends_with('\n')) stripped.rest += '\n';
  return stripped;
}

// A basic string (TOML 1.0, "String").
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string file_uri(const std::string& path) {
  return quoted("file://" + percent_encode_path(path));
}

// The names are those of Microsoft's certificates service and edge daemon; both read the files
// anew for each request, so that a renewed device certificate is used at once.
std::string edge_ca(const EdgeProvisioning& wanted) {
  std::string text =
      fmt::format("\n[edge_ca]\nmethod = \"est\"\nurl = {}\n", quoted(wanted.est_url));
  text += fmt::format("identity_cert = {}\n", file_uri(wanted.certificate_path));
  text += fmt::format("identity_pk = {}\n", file_uri(wanted.key_path));
  text += "\n[edge_ca.auto_renew]\nrotate_key = true\nthreshold = \"80%\"\nretry = \"4%\"\n";
  if (wanted.server_ca_path.empty()) return text;
  text +=
      fmt::format("\n[cert_issuance.est]\ntrusted_certs = [{}]\n", file_uri(wanted.server_ca_path));
  return text + "\n[cert_issuance.est.auth]\n\n[cert_issuance.est.urls]\n";
}

std::string block(const EdgeProvisioning& wanted, bool with_edge_ca) {
  std::string text = fmt::format("{}\n[provisioning]\nsource = \"dps\"\n", kBegin);
  text += fmt::format("global_endpoint = {}\n", quoted("https://" + wanted.host));
  text += fmt::format("id_scope = {}\n", quoted(wanted.id_scope));
  if (!wanted.payload_path.empty()) {
    text += fmt::format("payload = {{ uri = {} }}\n", file_uri(wanted.payload_path));
  }
  text += "\n[provisioning.attestation]\nmethod = \"x509\"\n";
  text += fmt::format("registration_id = {}\n", quoted(wanted.registration_id));
  text += fmt::format("identity_cert = {}\n", file_uri(wanted.certificate_path));
  text += fmt::format("identity_pk = {}\n", file_uri(wanted.key_path));
  if (with_edge_ca) text += edge_ca(wanted);
  return text + std::string(kEnd) + "\n";
}

std::vector<std::string> lines_of(std::string_view text) {
  auto lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace

Result<std::string> with_provisioning(std::string_view existing, const EdgeProvisioning& wanted,
                                      bool replace) {
  auto stripped = strip(existing);
  if (!stripped) return fail(std::move(stripped).error());
  if (stripped->had_provisioning && !stripped->was_ferrys && !replace) {
    return fail(Error{Code::conflict, "this device is provisioned already, not by Ferry"}.advise(
        "--replace-provisioning puts Ferry's in its place; a copy of the file is kept"));
  }
  const bool with_edge_ca = !wanted.est_url.empty() && !stripped->other_edge_ca;
  return stripped->rest + (stripped->rest.empty() ? "" : "\n") + block(wanted, with_edge_ca);
}

Result<bool> has_other_edge_ca(std::string_view existing) {
  auto stripped = strip(existing);
  if (!stripped) return fail(std::move(stripped).error());
  return stripped->other_edge_ca;
}

Result<std::optional<std::string>> without_provisioning(std::string_view existing) {
  auto stripped = strip(existing);
  if (!stripped) return fail(std::move(stripped).error());
  if (!stripped->was_ferrys) return std::nullopt;
  return std::optional(std::move(stripped->rest));
}

std::string line_difference(std::string_view before, std::string_view after) {
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  // length[i][j]: of the longest common subsequence of the lines from i and j on.
  std::vector<std::vector<std::size_t>> length(old_lines.size() + 1,
                                               std::vector<std::size_t>(new_lines.size() + 1));
  for (std::size_t i = old_lines.size(); i-- > 0;) {
    for (std::size_t j = new_lines.size(); j-- > 0;) {
      length[i][j] = old_lines[i] == new_lines[j] ? length[i + 1][j + 1] + 1
                                                  : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  std::string text;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < old_lines.size() || j < new_lines.size()) {
    if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) {
      ++i;
      ++j;
    } else if (i < old_lines.size() &&
               (j == new_lines.size() || length[i + 1][j] >= length[i][j + 1])) {
      text += "-" + old_lines[i++] + "\n";
    } else {
      text += "+" + new_lines[j++] + "\n";
    }
  }
  return text;
}

}  // namespace ferry::agent
