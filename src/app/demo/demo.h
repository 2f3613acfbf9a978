#pragma once

#include <string>

namespace dtmd::app {

struct DemoOptions {
    std::string server = "http://127.0.0.1:36789";
    std::string data;                ///< Folder for the bank's files, kept afterwards; empty: a temporary one.
    std::string bank = "127.0.0.1";  ///< Address the bank listens on and the coordinator calls it at.
};

/// `dtmd demo`: two small banks on loopback, five transfers, and a count of the money at the end. Tells what it does
/// on standard output.
///
/// Returns the exit code: 0 every transfer ended as it should and the money is right; 1 otherwise, or if the
/// coordinator can't be reached; 2 if the options are wrong.
int run_demo(const DemoOptions& options);

}  // namespace dtmd::app
