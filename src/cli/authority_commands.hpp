// SPDX-License-Identifier: Apache-2.0
// The commands for certificates and authorities.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/chain_file.hpp"
#include "cli/commands.hpp"

namespace ferry::cli {

// certificate_commands.cpp
Done certificate_list(Context& context);
Done certificate_tree(Context& context);
Done certificate_show(Context& context, std::string id);
struct CertificateDownload {
  std::string id;  // id, thumbprint or "trust-bundle"
  bool chain = false;
  std::string file;  // empty: standard output
};
Done certificate_download(Context& context, CertificateDownload arguments);
struct CertificateRadar {
  std::string within = "30d";
};
Done certificate_radar(Context& context, CertificateRadar arguments);
Done certificate_verify(Context& context, ChainFile arguments);  // against the workspace

// authority_commands.cpp
struct CertificatePolicy {
  bool organization = false;
  std::string group;
  std::string ca_key;                  // empty: as it is
  std::vector<std::string> node_keys;  // empty: as they are
  std::int64_t node_days = 0;          // 0: as it is
};
Done certificate_policy(Context& context, CertificatePolicy arguments);
struct RolloverStart {
  bool organization = false;
  std::string group;
  std::int64_t nodes_per_minute = 60;
  bool own = false;
  bool wait = false;
};
Done rollover_start(Context& context, RolloverStart arguments);
Done rollover_status(Context& context, std::string id);  // empty: all
Done rollover_cancel(Context& context, std::string id);
Done rollover_retry(Context& context, std::string id);
struct RolloverForce {
  std::string id;
  bool yes = false;
};
Done rollover_force(Context& context, RolloverForce arguments);
struct AuthorityExport {
  bool organization = false;
  std::string file;  // empty: standard output
};
Done authority_export(Context& context, AuthorityExport arguments);
Done authority_pending(Context& context);
Done authority_abandon(Context& context, AuthorityExport arguments);
struct AuthorityImport {
  bool organization = false;
  std::string chain_file;
  std::string key_file;  // empty: the chain is for the request that waits
  bool wait = false;
};
Done authority_import(Context& context, AuthorityImport arguments);

}  // namespace ferry::cli
