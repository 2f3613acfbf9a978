#include "app/bench.h"
#include "app/command_line.h"
#include "app/demo/demo.h"
#include "app/health.h"
#include "app/schema.h"
#include "app/serve.h"

#include <cstdio>
#include <exception>

namespace {

int run(int count, char** arguments) {
    using namespace dtmd::app;
    const Parsed parsed = parse_command_line({arguments + 1, arguments + count});
    if (parsed.is_done) {
        std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
        return parsed.exit_code;
    }
    switch (parsed.line.command) {
        case Command::serve: return serve(parsed.line);
        case Command::check_config: return check_config(parsed.line);
        case Command::demo: return run_demo(parsed.line.demo);
        case Command::health: return check_health(parsed.line.health_server);
        case Command::bench: return run_bench(parsed.line.bench);
        case Command::print_schema: return print_schema(parsed.line.schema, parsed.line.config_file);
        case Command::apply_schema: return apply_schema(parsed.line.config_file);
        case Command::check_schema: return check_schema(parsed.line.config_file);
        case Command::version: break;  // Was answered by the parser.
    }
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run(count, arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "dtmd: %s\n", error.what());
        return 1;
    }
}
