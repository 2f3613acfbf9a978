#pragma once

#include "app/command_line.h"

namespace dtmd::app {

/// `dtmd serve`: runs until a signal ends it. The exit code: 0 stopped in order, 1 could not start, 2 the
/// configuration is wrong, 128 + n cut short by a second signal.
int serve(const CommandLine& line);

/// `dtmd check-config`: the effective configuration on standard output, warnings on standard error. 0, or 2 with what
/// is wrong, a line each.
int check_config(const CommandLine& line);

}  // namespace dtmd::app
