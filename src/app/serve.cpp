#include "app/serve.h"

#include "app/node.h"
#include "app/reset_store.h"
#include "app/settings.h"
#include "app/signals.h"
#include "app/stores.h"
#include "app/version.h"

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace dtmd::app {
namespace {

int fail(const std::string& message, int code = 1) {
    std::fprintf(stderr, "dtmd: %s\n", message.c_str());
    return code;
}

// The one line on standard error is for whoever started us; the log gets it where it goes elsewhere.
int fail_to_start(const config::Config& config, const std::string& message) {
    const auto outputs = log_options(config).outputs;
    if (std::ranges::find(outputs, "stderr") == outputs.end()) log::error("server.failed", {{"reason", message}});
    log::stop();
    return fail(message);
}

void set_time_zone(const config::Config& config) {
    const std::string zone = time_zone(config.time_zone_offset);
    if (zone.empty()) return;
    setenv("TZ", zone.c_str(), 1);
    tzset();
}

void log_configuration(const config::Loaded& loaded) {
    for (const std::string& note : loaded.notes) log::info("config.note", {{"text", note}});
    for (const std::string& warning : loaded.warnings) log::warn("config.warning", {{"text", warning}});
    if (log::enabled(spdlog::level::debug)) log::debug("config.effective", {{"yaml", config::to_yaml(loaded.config)}});
    if (is_open_to_all(loaded.config.host)) {
        log::warn("server.open", {{"text",
                                   "anyone who can reach this port can run and stop transactions; set Host: "
                                   "127.0.0.1 or put it behind a gateway"}});
    }
}

void log_ready(const config::Config& config, const Node& node) {
    std::string host = config.host.empty() ? "0.0.0.0" : config.host;
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    const std::string grpc = node.grpc_port() == 0 ? "off" : host + ":" + std::to_string(node.grpc_port());
    log::info("server.ready", {{"address", host + ":" + std::to_string(node.port())},
                               {"grpc", grpc},
                               {"store", describe(config.store)},
                               {"shards", node.shards()},
                               {"pid", getpid()},
                               {"version", version_text}});
}

[[noreturn]] void cut(int signal) {
    log::warn("server.cut", {{"signal", strsignal(signal)}});
    log::flush(Millis(500));
    _exit(exit_code_of(signal));
}

// Returns when the node has stopped or its time is up. A second signal ends the process here.
void stop_in_order(Node& node, Signals& signals, Millis limit) {
    // Beyond the limit the node has only to wind up; a second is generous.
    const auto deadline = std::chrono::steady_clock::now() + limit + Millis(1'000);
    // Shared, since the node may still say so after we have given up waiting. `signals` outlives the node.
    const auto has_stopped = std::make_shared<std::atomic<bool>>(false);
    node.stop(limit, [has_stopped, &signals] {
        *has_stopped = true;
        signals.wake();
    });
    while (!*has_stopped) {
        const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now());
        const auto signal = signals.wait(std::max(left, Millis(0)));
        if (!signal) break;
        if (*signal != 0) cut(*signal);
    }
    if (!*has_stopped) log::warn("server.stop_incomplete", {{"waited_ms", limit.count()}});
}

int run(const config::Config& config, Signals& signals) {
    auto node = Node::start(config);
    if (!node) return fail_to_start(config, node.error().what);
    log_ready(config, **node);

    std::optional<int> signal;
    do signal = signals.wait();
    while (*signal == 0);
    log::info("server.stopping", {{"signal", strsignal(*signal)}});
    stop_in_order(**node, signals, std::chrono::seconds(config.limits.stop_timeout));
    signals.give_up();
    node->reset();
    log::info("server.stopped");
    log::stop();
    return 0;
}

}  // namespace

int serve(const CommandLine& line) {
    Signals signals;
    auto loaded = config::load(line.config_file, config::process_environment());
    if (!loaded) return fail("the configuration is wrong:\n" + loaded.error().what, 2);
    config::Config& config = loaded->config;
    if (line.debug) config.log_level = "debug";
    set_time_zone(config);
    try {
        log::start(log_options(config));
    } catch (const std::runtime_error& error) {
        return fail(error.what());
    }
    log_configuration(*loaded);
    const std::size_t files = raise_file_limit();
    log::debug("server.files", {{"limit", files}});
    if (line.reset && is_shared(config.store)) {
        return fail_to_start(config, "-r removes what is in the embedded store only, not in " + describe(config.store) +
                                         ": empty that with its own tools");
    }
    if (line.reset) {
        std::fprintf(stderr, "dtmd: WARNING: -r removes all transactions in %s\n", config.store.path.c_str());
        const auto removed = reset_store(config.store.path);
        if (!removed) return fail_to_start(config, removed.error().what);
    }
    return run(config, signals);
}

int check_config(const CommandLine& line) {
    const auto loaded = config::load(line.config_file, config::process_environment());
    if (!loaded) return fail("the configuration is wrong:\n" + loaded.error().what, 2);
    for (const std::string& warning : loaded->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
    for (const std::string& note : loaded->notes) std::fprintf(stderr, "note: %s\n", note.c_str());
    const std::string text = config::to_yaml(loaded->config);
    std::fputs(text.c_str(), stdout);
    if (!text.ends_with('\n')) std::fputc('\n', stdout);
    return 0;
}

}  // namespace dtmd::app
