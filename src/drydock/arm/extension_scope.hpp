// SPDX-License-Identifier: Apache-2.0
// Resources that hang on others: "<scope>/providers/Microsoft.Authorization/locks/a", where the
// scope is the subscription, a resource group or a resource at any depth.
#pragma once

#include "drydock/arm/context.hpp"

namespace drydock::arm {

// Splits a path in front of its last "/providers/Microsoft.Authorization/" or
// "/providers/Microsoft.Resources/tags/". Nothing for other paths.
struct ExtensionPath {
  std::string_view scope;
  std::string_view rest;  // "/providers/..."
};
std::optional<ExtensionPath> split_extension_path(std::string_view path);

// The scope that {scope} of the route names, in the spelling of its own id; 404 when what it names
// is not there.
Outcome<std::string> require_scope(Context& context, const Call& call);

// "{scope}/providers/{type}/{name}" as a resource that belongs to the scope.
Resource extension_resource(const Context& context, std::string_view scope, std::string_view type,
                            std::string_view name);

std::string role_definition_id(const Context& context, std::string_view guid);

}  // namespace drydock::arm
