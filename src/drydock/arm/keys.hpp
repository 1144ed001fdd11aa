// SPDX-License-Identifier: Apache-2.0
// Shared access policies and connection strings of hubs and provisioning services.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drydock/arm/answer.hpp"
#include "drydock/directory.hpp"

namespace drydock::arm {

std::string random_key(std::size_t bytes);  // base64 text

// {"keyName", "primaryKey", "secondaryKey", "rights"}, with fresh keys of 32 bytes.
json::object new_policy(std::string_view name, std::string_view rights);
std::vector<SharedAccessPolicy> read_policies(const json::object& hidden);

// "A=1;B=2" by name; names compare without case. A value may hold '='.
using ConnectionString = std::map<std::string, std::string>;
ConnectionString parse_connection_string(std::string_view text);
// The text with the values of SharedAccessKey and AccountKey replaced by "****".
std::string masked(std::string_view connection_string);
bool is_masked(std::string_view connection_string);

// Answers of POST listkeys and POST .../{key}/listkeys; 404 when there is no policy of that name.
HttpResponse list_policies(const json::object& hidden);
Answer find_policy(const json::object& hidden, std::string_view name, StatusForm form);

// Eight random bytes as hubs and provisioning services write them, e.g. "AAAADH/h3E0=".
std::string new_etag();

}  // namespace drydock::arm
