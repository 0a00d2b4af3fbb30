# The words the rest of the build is written in: tharsis_library, tharsis_plugin, tharsis_test.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THARSIS_SANITIZE "" CACHE STRING "address,undefined or thread")
option(THARSIS_FUZZER "Make fuzzers too (clang with libFuzzer)" OFF)

add_library(tharsis_options INTERFACE)
target_include_directories(tharsis_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(tharsis_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wno-missing-field-initializers>)
# g++ 12 sees overlapping copies in std::string's operator+ where there are none.
target_compile_options(tharsis_options INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
# Several sources read as one are quicker to compile, and slower to compile again; so only where CI builds.
# The compiler then takes the types that a source keeps to itself for those of a header, and its names for those that
# another source hides; the other presets look at each source by itself.
if(CMAKE_UNITY_BUILD)
  target_compile_options(tharsis_options INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage> -Wno-shadow)
endif()
if(THARSIS_SANITIZE)
  target_compile_options(tharsis_options INTERFACE
    -fsanitize=${THARSIS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # AddressSanitizer meets these at the access itself; before each one they cost the compiler a quarter of its time.
  if(THARSIS_SANITIZE MATCHES address)
    target_compile_options(tharsis_options INTERFACE -fno-sanitize=null,object-size,vptr)
    # clang 14 cannot put what this check needs before a coroutine.
    target_compile_options(tharsis_options INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fno-sanitize=function>)
  endif()
  target_link_options(tharsis_options INTERFACE -fsanitize=${THARSIS_SANITIZE})
endif()
if(THARSIS_FUZZER)
  target_compile_options(tharsis_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(tharsis_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
find_program(THARSIS_MOLD mold)
if(THARSIS_MOLD)
  target_link_options(tharsis_options INTERFACE -fuse-ld=mold)
endif()

function(tharsis_library name)  # tharsis_library(name source... LINK lib...)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${A_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC tharsis_options ${A_LINK})
endfunction()

add_custom_target(plugins)  # All that a profile may name.

include(${CMAKE_CURRENT_LIST_DIR}/tharsis_plugin.cmake)

# tharsis_test(area_tests source... [TIMEOUT seconds] LINK lib...): one binary per folder of tests; its tests are named area.Suite.Test.
function(tharsis_test name)
  cmake_parse_arguments(A "" "TIMEOUT" "LINK" ${ARGN})
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 300)
  endif()
  add_executable(${name} ${A_UNPARSED_ARGUMENTS})
  # Compiled once, for all of them: gtest alone takes seconds.
  get_property(has_headers GLOBAL PROPERTY THARSIS_HAS_TEST_HEADERS)
  if(has_headers)
    target_precompile_headers(${name} REUSE_FROM ${has_headers})
  else()
    target_precompile_headers(${name} PRIVATE <gtest/gtest.h> <string> <vector> <map> <functional> <memory>)
    set_property(GLOBAL PROPERTY THARSIS_HAS_TEST_HEADERS ${name})
  endif()
  target_link_libraries(${name} PRIVATE tharsis_options ${A_LINK} gtest gtest_main)
  # What is tested is as it is shipped; to optimize thousands of EXPECTs takes longer than they ever run.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(THARSIS_SANITIZE)  # See tests/sdk/sim/seeds.h.
    target_compile_definitions(${name} PRIVATE THARSIS_SANITIZED)
    if(THARSIS_SANITIZE STREQUAL "thread")
      target_compile_definitions(${name} PRIVATE THARSIS_SANITIZED_THREAD)
    endif()
  endif()
  include(GoogleTest)
  string(REGEX REPLACE "_tests$" "." area ${name})
  gtest_discover_tests(${name} TEST_PREFIX ${area} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${A_TIMEOUT})
endfunction()
