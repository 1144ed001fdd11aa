// SPDX-License-Identifier: Apache-2.0
#include "drydock/endpoints.hpp"

#include <gtest/gtest.h>

namespace drydock {
namespace {

TEST(Endpoints, LeaveTheStandardPortOut) {
  EXPECT_EQ(Endpoints().management_url(), "https://management.drydock.localhost");
  const Endpoints high{8443, 18883};
  EXPECT_EQ(high.blob_url("Quay"), "https://quay.blob.core.drydock.localhost:8443");
  EXPECT_EQ(high.authority(Endpoints::registry_host("Quay")),
            "quay.azurecr.drydock.localhost:8443");
}

TEST(Endpoints, FindTheNameInAHost) {
  EXPECT_EQ(name_from_host("Hub-1.azure-devices.drydock.localhost", Endpoints::kHubSuffix),
            "hub-1");
  EXPECT_EQ(name_from_host("hub-1.azure-devices.drydock.localhost:8443", Endpoints::kHubSuffix),
            "hub-1");
  EXPECT_FALSE(name_from_host("azure-devices.drydock.localhost", Endpoints::kHubSuffix));
  EXPECT_FALSE(name_from_host(".azure-devices.drydock.localhost", Endpoints::kHubSuffix));
  EXPECT_FALSE(name_from_host("a.b.azure-devices.drydock.localhost", Endpoints::kHubSuffix));
  EXPECT_FALSE(name_from_host("hubazure-devices.drydock.localhost", Endpoints::kHubSuffix));
  EXPECT_FALSE(
      name_from_host("dps.azure-devices-provisioning.drydock.localhost", Endpoints::kHubSuffix));
  EXPECT_FALSE(name_from_host("", Endpoints::kHubSuffix));
}

}  // namespace
}  // namespace drydock
