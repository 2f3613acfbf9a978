#include "bench/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dtmd::bench {
namespace {

constexpr double percents[] = {50, 90, 99, 99.9, 100};

std::string load_text(const Options& options) {
    const std::string loop = options.rate > 0 ? fmt::format("{:g} a second (open loop)", options.rate)
                                              : "as fast as they are answered (closed loop)";
    const std::string protocol = options.protocol == options.branch_protocol
                                     ? options.protocol
                                     : options.protocol + ", branches over " + options.branch_protocol;
    return fmt::format("{} over {} with {} branches of {} bytes, {} connections, {}, {}", options.mode, protocol,
                       options.branches, options.payload, options.connections, loop,
                       options.watch ? "watched until the last branch is called" : "waiting for each result");
}

}  // namespace

std::optional<double> Report::cpu_per_transaction() const {
    if (!before || !after || totals.ended == 0) return std::nullopt;
    return (after->cpu_seconds - before->cpu_seconds) / static_cast<double>(totals.ended) * 1e6;
}

std::string as_text(const Report& report) {
    const Totals& totals = report.totals;
    std::string text =
        fmt::format("{}\n{}{}{}, measured for {:.1f} s after {:g} s to warm up\n\n", load_text(report.options),
                    report.options.server, report.server_version.empty() ? "" : " ", report.server_version,
                    report.seconds, report.options.warm_up);
    text += fmt::format("transactions/s      {:.0f}  ({} ended", report.per_second(), totals.ended);
    if (totals.ended_undone > 0) text += fmt::format(", {} of them undone as they should be", totals.ended_undone);
    text += ")\nlatency            ";
    for (const double percent : percents) {
        const std::string label = percent == 100 ? "max" : fmt::format("p{:g}", percent);
        text += fmt::format(" {} {:.2f}", label, static_cast<double>(totals.latency.percentile(percent)) / 1e3);
    }
    text += fmt::format(" ms, mean {:.2f} ms\n", totals.latency.mean() / 1e3);
    text += fmt::format("branch calls        {}, {} of them repeated\n", totals.calls, totals.repeats);
    if (const auto cpu = report.cpu_per_transaction()) {
        text += fmt::format("CPU of coordinator  {:.1f} us per transaction, {:.2f} cores\n", *cpu,
                            (report.after->cpu_seconds - report.before->cpu_seconds) / report.seconds);
        text += fmt::format("memory              {:.1f} MiB, peak {:.1f} MiB\n", report.after->resident_mib,
                            report.after->peak_mib);
    }
    text += fmt::format("errors              {} answers 503, {} others, {} lost connections\n", totals.answers_503,
                        totals.other_errors, totals.lost_connections);
    if (!totals.first_error.empty()) text += "  the first: " + totals.first_error + "\n";
    if (report.complaints.empty()) return text + "checked             every transaction had exactly its effects\n";
    for (const std::string& complaint : report.complaints) text += "WRONG               " + complaint + "\n";
    return text;
}

std::string as_json(const Report& report) {
    using nlohmann::json;
    const Options& options = report.options;
    const Totals& totals = report.totals;
    json latency{{"mean_us", totals.latency.mean()}, {"min_us", totals.latency.least()}};
    for (const double percent : percents) {
        const std::string label = percent == 100 ? "max_us" : fmt::format("p{:g}_us", percent);
        latency[label] = totals.latency.percentile(percent);
    }
    json cumulative = json::array();
    for (const auto& point : totals.latency.cumulative()) cumulative.push_back({point.micros, point.percent});
    json seconds = json::array();
    for (const Second& second : report.by_second) {
        seconds.push_back({{"ended", second.ended},
                           {"p50_us", second.latency.percentile(50)},
                           {"p99_us", second.latency.percentile(99)},
                           {"cpu_cores", second.cpu_cores},
                           {"memory_mib", second.memory_mib}});
    }
    json document{{"load",
                   {{"mode", options.mode},
                    {"protocol", options.protocol},
                    {"branch_protocol", options.branch_protocol},
                    {"branches", options.branches},
                    {"payload_bytes", options.payload},
                    {"connections", options.connections},
                    {"rate", options.rate},
                    {"waits", !options.watch},
                    {"branch_latency_ms", options.latency.count()},
                    {"failures_percent", options.failures},
                    {"outage_seconds", options.outage_for}}},
                  {"server", options.server},
                  {"server_version", report.server_version},
                  {"seconds", report.seconds},
                  {"transactions", totals.ended},
                  {"undone", totals.ended_undone},
                  {"transactions_per_second", report.per_second()},
                  {"latency", std::move(latency)},
                  {"cumulative_us_percent", std::move(cumulative)},
                  {"by_second", std::move(seconds)},
                  {"branch_calls", totals.calls},
                  {"branch_repeats", totals.repeats},
                  {"answers_503", totals.answers_503},
                  {"other_errors", totals.other_errors},
                  {"lost_connections", totals.lost_connections},
                  {"first_error", totals.first_error},
                  {"complaints", report.complaints}};
    if (const auto cpu = report.cpu_per_transaction()) {
        document["cpu_us_per_transaction"] = *cpu;
        document["memory_mib"] = report.after->resident_mib;
        document["memory_peak_mib"] = report.after->peak_mib;
    }
    return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace dtmd::bench
