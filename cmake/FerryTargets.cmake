# SPDX-License-Identifier: Apache-2.0

# The headers that nearly every file includes, compiled once and shared by all libraries.
add_library(ferry_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_precompile_headers(ferry_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)
target_include_directories(ferry_pch PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(ferry_pch PRIVATE ferry_options fmt::fmt tl::expected Boost::headers)

# ferry_library(name SOURCES ... DEPS ... [SOLO ...]): a static library of one module; DEPS are public.
# SOLO names sources that unity builds compile alone, because their file-local names also occur in
# others of the module; "SOLO *" means all of them.
function(ferry_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;SOLO" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ferry_options
    PUBLIC fmt::fmt tl::expected Boost::headers ${ARG_DEPS})
  target_precompile_headers(${name} REUSE_FROM ferry_pch)
  if(ARG_SOLO STREQUAL "*")
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  elseif(ARG_SOLO)
    set_source_files_properties(${ARG_SOLO} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# ferry_embed(library symbol directory [GZIP] [ALWAYS]): puts the files below `directory` into the library, as
# the table `symbol` (base/embedded.hpp). ALWAYS looks at them in each build, for what cmake did not make.
function(ferry_embed library symbol directory)
  cmake_parse_arguments(ARG "GZIP;ALWAYS" "" "" ${ARGN})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S)
  set(command ${CMAKE_SOURCE_DIR}/tools/embed $<$<BOOL:${ARG_GZIP}>:--gzip> ${symbol} ${directory} ${source})
  if(ARG_ALWAYS)
    add_custom_target(${symbol}_source COMMAND ${command} BYPRODUCTS ${source} COMMAND_EXPAND_LISTS VERBATIM)
  else()
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${directory}/*)
    add_custom_command(OUTPUT ${source} COMMAND ${command} DEPENDS ${files} ${CMAKE_SOURCE_DIR}/tools/embed
      COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${symbol}_source DEPENDS ${source})
  endif()
  add_library(${symbol} OBJECT ${source})
  set_target_properties(${symbol} PROPERTIES LINKER_LANGUAGE CXX)
  add_dependencies(${symbol} ${symbol}_source)
  target_sources(${library} PRIVATE $<TARGET_OBJECTS:${symbol}>)
endfunction()

# ferry_program(name SOURCES ... DEPS ...): an executable in build/bin.
function(ferry_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ferry_options ${ARG_DEPS} fmt::fmt tl::expected Boost::headers)
endfunction()

# ferry_test(name SOURCES ... DEPS ...): a GoogleTest binary in build/bin/tests.
function(ferry_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ferry_options ${ARG_DEPS} fmt::fmt tl::expected
    Boost::headers GTest::gmock GTest::gtest GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM ferry_pch)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/tests UNITY_BUILD OFF)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
