// SPDX-License-Identifier: Apache-2.0
#include "oci/tar.hpp"

#include <algorithm>

#include "base/result.hpp"

namespace ferry::oci {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameField = 100;
constexpr std::size_t kLargestInHeader = 077777777777;  // eleven octal digits: 8 GiB - 1

// Where each field of a ustar header begins (POSIX.1-2017, pax, "ustar Interchange Format").
constexpr std::size_t kMode = 100, kUid = 108, kGid = 116, kSize = 124, kTime = 136,
                      kChecksum = 148, kType = 156, kLink = 157, kMagic = 257, kMajor = 329,
                      kMinor = 337;

void put(std::string& header, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

void put_octal(std::string& header, std::size_t at, std::size_t width, std::size_t number) {
  put(header, at, fmt::format("{:0{}o}", number, width - 1));
}

bool fits_header(std::string_view name) {
  return name.size() <= kNameField &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0 && c < 0x7f; });
}

// "27 path=...\n": the length counts its own digits.
std::string record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) {
    length = rest + std::to_string(length).size();
  }
  return fmt::format("{} {}={}\n", length, key, value);
}

std::string header_of(std::string_view name, std::string_view target, char type, unsigned mode,
                      std::size_t size) {
  std::string header(kBlock, '\0');
  put(header, 0, name.substr(0, kNameField));
  put_octal(header, kMode, 8, mode);
  put_octal(header, kUid, 8, 0);
  put_octal(header, kGid, 8, 0);
  put_octal(header, kSize, 12, std::min(size, kLargestInHeader));
  put_octal(header, kTime, 12, 0);
  put(header, kChecksum, "        ");
  header[kType] = type;
  put(header, kLink, target.substr(0, kNameField));
  put(header, kMagic,
      std::string_view("ustar\0"
                       "00",
                       8));
  put_octal(header, kMajor, 8, 0);
  put_octal(header, kMinor, 8, 0);
  std::size_t sum = 0;
  for (unsigned char byte : header) sum += byte;
  put(header, kChecksum, fmt::format("{:06o}", sum));
  header[kChecksum + 6] = '\0';
  return header;
}

}  // namespace

void TarWriter::add_padded(std::string_view content) {
  bytes_ += content;
  bytes_.append((kBlock - content.size() % kBlock) % kBlock, '\0');
}

void TarWriter::add_header(const Entry& entry, std::size_t size) {
  std::string records;
  if (!fits_header(entry.path)) records += record("path", entry.path);
  if (!fits_header(entry.target)) records += record("linkpath", entry.target);
  if (size > kLargestInHeader) records += record("size", std::to_string(size));
  if (!records.empty()) {
    bytes_ += header_of("PaxHeader", "", 'x', 0644, records.size());
    add_padded(records);
  }
  bytes_ += header_of(entry.path, entry.target, entry.type, entry.mode, size);
}

void TarWriter::add_directory(std::string_view path) {
  const std::string name = std::string(path) + "/";
  add_header({name, "", '5', 0755}, 0);
}

void TarWriter::add_file(std::string_view path, std::string_view content, bool executable) {
  add_header({path, "", '0', executable ? 0755U : 0644U}, content.size());
  add_padded(content);
}

void TarWriter::add_symlink(std::string_view path, std::string_view target) {
  add_header({path, target, '2', 0777}, 0);
}

std::string TarWriter::finish() && {
  bytes_.append(2 * kBlock, '\0');
  return std::move(bytes_);
}

}  // namespace ferry::oci
