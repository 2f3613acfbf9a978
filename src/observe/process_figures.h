#pragma once

#include <cstdint>

namespace dtmd::observe {

/// What the kernel says of this process now (Linux: /proc/self). Zero where it can't be read.
struct ProcessFigures {
    double cpu_seconds = 0;  ///< User and system, since the start.
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t open_files = 0;
    std::uint64_t most_files = 0;  ///< The limit of open_files.
    double start_time = 0;         ///< Seconds since the Unix epoch.
};

ProcessFigures read_process_figures();

}  // namespace dtmd::observe
