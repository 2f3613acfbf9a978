#include "bench/options.h"

#include <array>
#include <utility>

namespace dtmd::bench {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 5> kinds{
    {{Kind::saga, "saga"}, {Kind::tcc, "tcc"}, {Kind::message, "msg"}, {Kind::xa, "xa"}, {Kind::workflow, "workflow"}}};

bool is_protocol(std::string_view text) { return text == "http" || text == "grpc"; }

std::string check_server(const Options& options) {
    const auto scheme_end = options.server.find("://");
    const std::string scheme = scheme_end == std::string::npos ? "" : options.server.substr(0, scheme_end);
    if (options.protocol == "grpc") {
        if (scheme.empty() || scheme == "grpc") return {};
        return "--server: expected grpc://HOST:PORT or HOST:PORT for --protocol grpc, got '" + options.server + "'";
    }
    if (scheme == "http") return {};
    return "--server: expected http://HOST:PORT, got '" + options.server + "'";
}

}  // namespace

Options completed(Options options) {
    if (options.protocol.empty()) options.protocol = options.server.starts_with("grpc://") ? "grpc" : "http";
    if (options.server.empty()) {
        options.server = options.protocol == "grpc" ? "grpc://127.0.0.1:36790" : "http://127.0.0.1:36789";
    }
    if (options.branch_protocol.empty()) options.branch_protocol = options.protocol;
    return options;
}

std::optional<Kind> parse_kind(std::string_view text) {
    for (const auto& [kind, word] : kinds) {
        if (word == text) return kind;
    }
    return std::nullopt;
}

std::string_view name(Kind kind) { return kinds[static_cast<std::size_t>(kind)].second; }

std::string check(const Options& options) {
    const auto kind = parse_kind(options.mode);
    if (!kind) return "--mode: expected saga, tcc, msg, xa or workflow, got '" + options.mode + "'";
    if (!is_protocol(options.protocol)) return "--protocol: expected http or grpc, got '" + options.protocol + "'";
    if (!is_protocol(options.branch_protocol)) {
        return "--branch-protocol: expected http or grpc, got '" + options.branch_protocol + "'";
    }
    if (std::string wrong = check_server(options); !wrong.empty()) return wrong;
    if (options.branches < 1 || options.branches > 50) return "--branches: expected 1 to 50";
    if (options.connections < 1 || options.connections > 20'000) return "--connections: expected 1 to 20000";
    if (options.seconds <= 0) return "--seconds: expected more than 0";
    if (options.warm_up < 0) return "--warm-up: expected at least 0";
    if (options.rate < 0) return "--rate: expected at least 0";
    if (options.failures < 0 || options.failures > 100) return "--failures: expected 0 to 100 (percent)";
    if (options.failures > 0 && kind != Kind::saga) return "--failures: only actions of a saga may refuse";
    if (options.payload > 1 << 20) return "--payload: expected at most 1048576 (bytes)";
    if (options.outage_for > 0 && options.outage_at + options.outage_for > options.seconds) {
        return "--outage: it must end within the measurement (--seconds)";
    }
    return {};
}

}  // namespace dtmd::bench
