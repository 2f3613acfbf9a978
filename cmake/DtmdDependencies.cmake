# Every third-party library, once. All come from Debian packages: see scripts/install-packages.sh.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(OpenSSL 3 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(gRPC REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_file(DTMD_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js REQUIRED)
find_package(RocksDB REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(MariaDb REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(Pq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(Hiredis REQUIRED IMPORTED_TARGET hiredis)

# Asio and Beast are header libraries; their bodies are compiled once, in src/net/asio_bodies.cpp.
add_library(dtmd_asio INTERFACE)
target_link_libraries(dtmd_asio INTERFACE Boost::headers Boost::url OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
target_compile_definitions(dtmd_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
