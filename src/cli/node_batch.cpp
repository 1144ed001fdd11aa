// SPDX-License-Identifier: Apache-2.0
#include "cli/node_batch.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/file.hpp"

namespace ferry::cli {
namespace {

constexpr std::string_view kHeader = "name,group,registrationId,token,expiresAt\n";

// RFC 4180 without line breaks inside fields, which neither names nor tokens have.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  for (auto& field : fields) field = std::string(trim(field));
  return fields;
}

struct Columns {
  std::size_t name = 0;
  std::size_t group = 1;
  bool named = false;  // the first line was their names
};

Columns columns_of(const std::vector<std::string>& first) {
  Columns columns;
  const auto at = [&](std::string_view title) {
    return std::find_if(
               first.begin(), first.end(),
               [&](const std::string& field) { return equals_ignore_case(field, title); }) -
           first.begin();
  };
  const auto name = static_cast<std::size_t>(at("name"));
  if (name == first.size()) return columns;
  columns.named = true;
  columns.name = name;
  columns.group = static_cast<std::size_t>(at("group"));
  return columns;
}

std::string field_at(const std::vector<std::string>& fields, std::size_t column) {
  return column < fields.size() ? fields[column] : std::string();
}

}  // namespace

Result<std::vector<NodeRow>> parse_node_rows(std::string_view text, const std::string& group) {
  std::vector<NodeRow> rows;
  std::set<std::string> names;
  Columns columns;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // as spreadsheets write it
  std::size_t number = 0;
  bool first = true;
  for (const auto& line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    const auto fields = fields_of(trim(line));
    if (std::exchange(first, false)) {
      columns = columns_of(fields);
      if (columns.named) continue;
    }
    NodeRow row{field_at(fields, columns.name), field_at(fields, columns.group)};
    if (row.group.empty()) row.group = group;
    if (row.name.empty()) return fail(Code::invalid_argument, "line {} has no name", number);
    if (row.group.empty()) {
      return fail(Error{Code::invalid_argument, fmt::format("line {} has no group", number),
                        "--group gives one to rows without"});
    }
    if (!names.insert(row.name).second) {
      return fail(Code::invalid_argument, "line {}: '{}' is there twice", number, row.name);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<TokenFile> TokenFile::open(std::filesystem::path path) {
  TokenFile file(std::move(path));
  auto content = read_file(file.path_);
  if (!content && content.error().code != Code::not_found) {
    return fail(std::move(content).error());
  }
  if (content && !content->empty()) {
    if (!content->starts_with(kHeader)) {
      return fail(Error{Code::conflict, fmt::format("{} is no file of tokens", file.path_.string()),
                        "choose another file with --tokens-out"});
    }
    file.content_ = *std::move(content);
    bool first = true;
    for (const auto& line : split(file.content_, '\n')) {
      if (!std::exchange(first, false) && !line.empty()) {
        file.names_.insert(line.substr(0, line.find(',')));
      }
    }
  } else {
    file.content_ = kHeader;
  }
  auto pending = read_file(file.pending_path());
  if (pending) {
    for (auto& name : split(*pending, '\n')) {
      if (!name.empty()) file.pending_.insert(std::move(name));
    }
  }
  return file;
}

Result<void> TokenFile::begin_batch(const std::vector<NodeRow>& rows) const {
  std::string names;
  // Those of the batch that was cut short stay until their tokens are here.
  for (const auto& name : pending_) names += name + "\n";
  for (const auto& row : rows) names += row.name + "\n";
  return write_file_atomically(pending_path(), names, 0600);
}

Result<void> TokenFile::end_batch(const std::vector<json::object>& tickets) {
  for (const auto& ticket : tickets) {
    const std::string name = string_or(ticket, "name", "");
    content_ += fmt::format("{},{},{},{},{}\n", name, string_or(ticket, "group", ""),
                            string_or(ticket, "registrationId", ""), string_or(ticket, "token", ""),
                            string_or(ticket, "expiresAt", ""));
    names_.insert(name);
    pending_.erase(name);
  }
  return write_file_atomically(path_, content_, 0600);
}

void TokenFile::close() const {
  std::error_code ignored;
  std::filesystem::remove(pending_path(), ignored);
}

}  // namespace ferry::cli
