#pragma once

#include "app/demo/demo.h"
#include "bench/options.h"

#include <string>
#include <vector>

namespace dtmd::app {

enum class Command { serve, check_config, version, demo, health, bench, print_schema, apply_schema, check_schema };

/// What the user asked for. dtm's flags mean what they mean there.
struct CommandLine {
    Command command = Command::serve;
    std::string config_file;  ///< -c; empty: none.
    bool debug = false;       ///< -d
    bool reset = false;       ///< -r
    DemoOptions demo;
    bench::Options bench;
    std::string schema;  ///< Of print_schema; empty: that of the configured store.
    std::string health_server = "http://127.0.0.1:36789";
};

/// Either a command line to act on, or a text to print and an exit code.
struct Parsed {
    CommandLine line;
    bool is_done = false;  ///< Nothing to run: print `text` and leave with `exit_code`.
    int exit_code = 0;     ///< 0: `text` belongs on standard output; 2: on standard error.
    std::string text;
};

/// `arguments` without the program's name.
Parsed parse_command_line(std::vector<std::string> arguments);

/// The one of `words` that is nearest to `word` by edit distance, or empty if none is close.
std::string nearest(const std::string& word, const std::vector<std::string>& words);

}  // namespace dtmd::app
