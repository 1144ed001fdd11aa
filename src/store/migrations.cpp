// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.hpp"

#include <array>

#include "store/migrations/0001_fleet.hpp"
#include "store/migrations/0002_secrets.hpp"
#include "store/migrations/0003_provisioning.hpp"
#include "store/migrations/0004_sessions.hpp"
#include "store/migrations/0005_certificate_authorities.hpp"
#include "store/migrations/0006_registration.hpp"
#include "store/migrations/0007_plans.hpp"
#include "store/migrations/0008_drift.hpp"
#include "store/migrations/0009_rollouts.hpp"
#include "store/migrations/0010_layers.hpp"
#include "store/migrations/0011_hubs.hpp"
#include "store/migrations/0012_edge_authorities.hpp"

namespace ferry::store {

std::span<const std::string_view> migrations() {
  static constexpr std::array kMigrations{k0001Fleet,
                                          k0002Secrets,
                                          k0003Provisioning,
                                          k0004Sessions,
                                          k0005CertificateAuthorities,
                                          k0006Registration,
                                          k0007Plans,
                                          k0008Drift,
                                          k0009Rollouts,
                                          k0010Layers,
                                          k0011Hubs,
                                          k0012EdgeAuthorities};
  return kMigrations;
}

}  // namespace ferry::store
