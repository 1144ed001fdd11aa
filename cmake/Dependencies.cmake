# SPDX-License-Identifier: Apache-2.0
# Everything comes from Debian 12 (tools/setup build).

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(GTest REQUIRED)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_library(ISAL_LIBRARY NAMES libisal.a isal REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
find_package(pugixml REQUIRED)
find_package(LibArchive REQUIRED)
