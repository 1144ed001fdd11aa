// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oci/layer.hpp"

namespace ferry::oci {

// Digests and, where wanted, compresses an uncompressed tar archive.
Result<Layer> layer_from_tar(std::string tar, Compression compression);

}  // namespace ferry::oci
