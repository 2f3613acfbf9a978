# Compiler, warnings, sanitizers, and what makes a build on two cores bearable.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} silently miscompiles C++20 coroutines (docs/decisions/0002-clang-19.md).\n"
    "Use clang 19: apt-get install clang-19 lld-19, then configure with a preset (cmake --preset release), "
    "or pass -DCMAKE_CXX_COMPILER=clang++-19.")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(DTMD_CCACHE ccache)
if(DTMD_CCACHE)
  # Precompiled headers defeat ccache unless it is told which differences do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${DTMD_CCACHE})
endif()
find_program(DTMD_LLD NAMES ld.lld-19 ld.lld)
if(DTMD_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(--ld-path=${DTMD_LLD})
endif()

# Warnings are errors in our code; Debian's headers are system headers and stay quiet.
add_library(dtmd_warnings INTERFACE)
target_compile_options(dtmd_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)

if(DTMD_SANITIZE)
  add_compile_options(-fsanitize=${DTMD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DTMD_SANITIZE})
endif()
if(DTMD_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "DTMD_FUZZ needs clang's libFuzzer: configure with cmake --preset fuzz")
  endif()
  # Counts what is reached in our code; libFuzzer itself is linked into the fuzzers only.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fpch-instantiate-templates)
endif()
