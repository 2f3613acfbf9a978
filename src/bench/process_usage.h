#pragma once

#include <optional>

namespace dtmd::bench {

/// What a process has used so far, from /proc.
struct ProcessUsage {
    double cpu_seconds = 0;  ///< User and system.
    double resident_mib = 0, peak_mib = 0;
};

/// Empty if there is no such process, or it can't be read.
std::optional<ProcessUsage> read_usage(int pid);

}  // namespace dtmd::bench
