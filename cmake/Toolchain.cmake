# SPDX-License-Identifier: Apache-2.0
# Compiler, language level, warnings, linker, cache.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13
   AND NOT FERRY_ALLOW_GCC12)
  message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++20 coroutines. "
    "Use clang++-19 (tools/setup build installs it), or pass -DFERRY_ALLOW_GCC12=ON.")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_UNITY_BUILD ${FERRY_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 6)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need these to be cached at all.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

add_library(ferry_options INTERFACE)
target_compile_options(ferry_options INTERFACE
  -fPIC  # for all alike: libraries and programs share one precompiled header
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wold-style-cast
  -Woverloaded-virtual -Wnon-virtual-dtor -Wextra-semi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(ferry_options INTERFACE
    -Wno-missing-designated-field-initializers "SHELL:-Xclang -fno-pch-timestamp")
  target_link_options(ferry_options INTERFACE -fuse-ld=lld-19)
endif()
if(FERRY_WERROR)
  target_compile_options(ferry_options INTERFACE -Werror)
endif()
if(FERRY_SANITIZE)
  list(JOIN FERRY_SANITIZE "," sanitizers)
  target_compile_options(ferry_options INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize=function -fno-omit-frame-pointer)
  target_link_options(ferry_options INTERFACE -fsanitize=${sanitizers})
endif()
if(FERRY_FUZZ)
  target_compile_options(ferry_options INTERFACE -fsanitize=fuzzer-no-link,address)
  target_link_options(ferry_options INTERFACE -fsanitize=address)
endif()
