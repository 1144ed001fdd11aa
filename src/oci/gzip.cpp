// SPDX-License-Identifier: Apache-2.0
#include "oci/gzip.hpp"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <vector>

namespace ferry::oci {
namespace {

// ISA-L counts in 32 bits.
constexpr std::size_t kPiece = std::size_t{16} << 20;

}  // namespace

Result<std::string> gzip(std::string_view bytes) {
  std::vector<std::uint8_t> level_buffer(ISAL_DEF_LVL1_DEFAULT);
  std::vector<std::uint8_t> output(std::size_t{256} << 10);
  isal_zstream stream;
  isal_deflate_init(&stream);
  stream.avail_in = 0;  // init leaves it as it was
  stream.level = 1;
  stream.level_buf = level_buffer.data();
  stream.level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
  stream.gzip_flag = IGZIP_GZIP;
  stream.flush = NO_FLUSH;

  std::string compressed;
  compressed.reserve(bytes.size() / 2 + 64);
  while (stream.internal_state.state != ZSTATE_END) {
    if (stream.avail_in == 0 && !stream.end_of_stream) {
      const std::size_t piece = std::min(kPiece, bytes.size());
      // ISA-L does not write to its input.
      stream.next_in =
          const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
      stream.avail_in = static_cast<std::uint32_t>(piece);
      bytes.remove_prefix(piece);
      stream.end_of_stream = bytes.empty() ? 1 : 0;
    }
    stream.next_out = output.data();
    stream.avail_out = static_cast<std::uint32_t>(output.size());
    if (const int status = isal_deflate(&stream); status != COMP_OK) {
      return fail(Code::internal, "compression failed (ISA-L status {})", status);
    }
    compressed.append(reinterpret_cast<const char*>(output.data()),
                      output.size() - stream.avail_out);
  }
  return compressed;
}

}  // namespace ferry::oci
