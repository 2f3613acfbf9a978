#include "app/command_line.h"

#include "app/version.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <numeric>

namespace dtmd::app {
namespace {

const std::vector<std::string> commands{"serve", "check-config", "version", "demo", "health", "bench", "schema"};

constexpr const char* description =
    "dtmd, a distributed transaction coordinator that speaks dtm's protocol.\n"
    "Without a command it serves.";

std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
        }
    }
    return row.back();
}

void add_config_option(CLI::App& app, CommandLine& line) {
    app.add_option("-c,--config", line.config_file, "Configuration file (YAML)")->type_name("FILE");
}

void add_serve_options(CLI::App& app, CommandLine& line) {
    add_config_option(app, line);
    app.add_flag("-d,--debug", line.debug, "Log level debug");
    app.add_flag("-r,--reset", line.reset, "Remove ALL transactions from the store, then go on");
}

void add_demo_options(CLI::App& app, DemoOptions& demo) {
    app.add_option("--server", demo.server, "The coordinator")->type_name("URL")->capture_default_str();
    app.add_option("--data", demo.data, "Folder for the bank's files, kept afterwards")->type_name("DIR");
    app.add_option("--bank", demo.bank, "Address of the demo's bank, as the coordinator reaches it")
        ->type_name("ADDRESS")
        ->capture_default_str();
}

void add_bench_options(CLI::App& app, bench::Options& bench, std::int64_t& latency) {
    app.add_option("--server", bench.server, "The coordinator: http://HOST:PORT or grpc://HOST:PORT (dtm's port here)")
        ->type_name("URL");
    app.add_option("--protocol", bench.protocol, "http or grpc (what --server says, else http)");
    app.add_option("--branch-protocol", bench.branch_protocol, "How branches are called: http or grpc (as --protocol)");
    app.add_option("--mode", bench.mode, "saga, tcc, msg, xa or workflow")->capture_default_str();
    app.add_option("--branches", bench.branches, "Branches of each transaction, 1 to 50")->capture_default_str();
    app.add_option("--payload", bench.payload, "Bytes of each branch's body")->capture_default_str();
    app.add_option("-c,--connections", bench.connections, "Most transactions at once")->capture_default_str();
    app.add_option("--rate", bench.rate, "Transactions a second; 0: as fast as they are answered")
        ->capture_default_str();
    app.add_option("-d,--seconds", bench.seconds, "How long to measure")->capture_default_str();
    app.add_option("--warm-up", bench.warm_up, "Seconds before that")->capture_default_str();
    app.add_flag("--watch", bench.watch, "Don't wait for results: measure until the last branch is called");
    app.add_option("--latency", latency, "Milliseconds that each branch takes")->capture_default_str();
    app.add_option("--failures", bench.failures, "Percent of the sagas whose last branch refuses")
        ->capture_default_str();
    app.add_option("--outage-at", bench.outage_at, "When the participant goes away, in seconds")->capture_default_str();
    app.add_option("--outage-for", bench.outage_for, "And for how many; 0: it doesn't")->capture_default_str();
    app.add_option("--pid", bench.pid, "The coordinator's process, to read its CPU time and memory");
    app.add_option("--participant", bench.participant, "Address of the bench's participant, as the coordinator sees it")
        ->type_name("ADDRESS")
        ->capture_default_str();
    app.add_option("--participant-port", bench.participant_port, "And its port; 0: any free one")
        ->capture_default_str();
    app.add_flag("--json", bench.json, "Print the report as JSON");
    app.add_option("--json-file", bench.json_file, "Write it there as well")->type_name("FILE");
    app.add_option("--html-file", bench.html_file, "Write a page with plots")->type_name("FILE");
}

struct SchemaCommands {
    CLI::App *print, *apply, *check;

    SchemaCommands(CLI::App& app, CommandLine& line) {
        CLI::App* schema = app.add_subcommand("schema", "Tables of the SQL stores: show, make or check them");
        schema->require_subcommand(1);
        print = schema->add_subcommand("print", "Print the SQL that makes them");
        print->add_option("name", line.schema, "mysql, postgres, barrier.mysql, barrier.postgres, barrier.sqlite");
        apply = schema->add_subcommand("apply", "Make what is missing in the configured database, mend what differs");
        check =
            schema->add_subcommand("check", "Name what differs in the configured database; exit code 1 if anything");
        for (CLI::App* command : {print, apply, check}) add_config_option(*command, line);
    }

    void choose(CommandLine& line) const {
        if (print->parsed()) line.command = Command::print_schema;
        if (apply->parsed()) line.command = Command::apply_schema;
        if (check->parsed()) line.command = Command::check_schema;
    }
};

Parsed finished(int exit_code, std::string text) {
    Parsed parsed;
    parsed.is_done = true;
    parsed.exit_code = exit_code;
    parsed.text = std::move(text);
    return parsed;
}

Parsed refuse(const std::string& reason, const CLI::App& app) {
    return finished(2, "dtmd: " + reason + "\n\n" + app.help());
}

// Go's flag package, and so dtm, takes "-c=file"; our parser would take "=file" for the value.
std::vector<std::string> without_equals(std::vector<std::string> arguments) {
    std::vector<std::string> result;
    for (std::string& argument : arguments) {
        if (argument.starts_with("-c=")) {
            result.push_back("-c");
            argument.erase(0, 3);
        }
        result.push_back(std::move(argument));
    }
    return result;
}

std::string why_unexpected(const std::string& word) {
    if (word.starts_with('-')) return "unknown option '" + word + "'";
    const std::string meant = nearest(word, commands);
    return "unknown command '" + word + "'" + (meant.empty() ? "" : ": did you mean '" + meant + "'?");
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& words) {
    std::string best;
    std::size_t best_distance = word.size() / 2 + 2;  // Further away than that it is no typing mistake.
    for (const std::string& candidate : words) {
        const std::size_t distance = candidate.starts_with(word) ? 1 : edit_distance(word, candidate);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = candidate;
    }
    return best;
}

Parsed parse_command_line(std::vector<std::string> arguments) {
    Parsed parsed;
    CommandLine& line = parsed.line;
    CLI::App app(description, "dtmd");
    bool wants_version = false;
    app.add_flag("-v,--version", wants_version, "Print the version and exit");
    add_serve_options(app, line);
    app.require_subcommand(0, 1);
    app.allow_extras();

    CLI::App* serve = app.add_subcommand("serve", "Run the coordinator (the default)");
    add_serve_options(*serve, line);
    CLI::App* check = app.add_subcommand("check-config", "Print the effective configuration, or what is wrong with it");
    add_config_option(*check, line);
    CLI::App* version = app.add_subcommand("version", "Print the version");
    CLI::App* demo = app.add_subcommand("demo", "Run transfers between two demo banks against a running coordinator");
    add_demo_options(*demo, line.demo);
    CLI::App* health = app.add_subcommand("health", "Ask a running coordinator whether it is well: exit code 0 if so");
    health->add_option("--server", line.health_server, "The coordinator")->type_name("URL")->capture_default_str();
    CLI::App* bench =
        app.add_subcommand("bench", "Put load on a running coordinator, dtmd or any other of dtm's protocol");
    const SchemaCommands schema(app, line);
    std::int64_t latency = 0;
    add_bench_options(*bench, line.bench, latency);

    try {
        arguments = without_equals(std::move(arguments));
        std::ranges::reverse(arguments);  // The parser takes them from the back.
        app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        const auto chosen = app.get_subcommands();
        return finished(0, chosen.empty() ? app.help() : chosen.front()->help());
    } catch (const CLI::ParseError& error) {
        return refuse(error.what(), app);
    }
    const auto unexpected = app.remaining(/*recurse=*/true);
    if (!unexpected.empty()) return refuse(why_unexpected(unexpected.front()), app);
    if (wants_version || version->parsed()) return finished(0, "dtmd version: " + std::string(version_text) + "\n");
    if (check->parsed()) line.command = Command::check_config;
    if (demo->parsed()) line.command = Command::demo;
    if (health->parsed()) line.command = Command::health;
    if (bench->parsed()) line.command = Command::bench;
    schema.choose(line);
    line.bench.latency = Millis(latency);
    return parsed;
}

}  // namespace dtmd::app
