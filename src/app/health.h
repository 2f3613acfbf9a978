#pragma once

#include <string>

namespace dtmd::app {

/// `dtmd health`: asks the coordinator at `server` (http://host:port) how it is, and prints the answer. For containers
/// and supervisors, whose images need no HTTP client of their own then.
///
/// Returns the exit code: 0 it is well; 1 it isn't, or doesn't answer within a few seconds; 2 `server` makes no sense.
int check_health(const std::string& server);

}  // namespace dtmd::app
