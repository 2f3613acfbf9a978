#pragma once

#include "bench/options.h"

namespace dtmd::app {

/// `dtmd bench`: runs it, shows how it stands in a terminal, and prints the report.
///
/// Returns the exit code: 0 all went well; 1 something was lost, wrong or refused, or nobody answers; 2 the options
/// make no sense.
int run_bench(const bench::Options& options);

}  // namespace dtmd::app
