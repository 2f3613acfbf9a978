#include "app/bench.h"

#include "app/grpc_process.h"
#include "bench/bench.h"

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <fstream>

namespace dtmd::app {
namespace {

void show(const bench::Options& options, const bench::Progress& progress) {
    constexpr double cells = 30;
    const auto filled = static_cast<std::size_t>(cells * std::clamp(progress.measured / options.seconds, 0.0, 1.0));
    const char* const phase = progress.is_over        ? "waiting for the rest"
                              : progress.measured < 0 ? "warming up"
                                                      : "measuring";
    std::fprintf(stderr, "\r[%-30s] %5.1f s  %llu ended  %-22s", std::string(filled, '#').c_str(),
                 std::max(progress.measured, 0.0), static_cast<unsigned long long>(progress.ended), phase);
}

bool write(const std::string& file, const bench::Report& report, std::string (*render)(const bench::Report&)) {
    if (file.empty()) return true;
    std::ofstream out(file);
    out << render(report);
    out.close();
    if (out) return true;
    std::fprintf(stderr, "dtmd: %s can't be written\n", file.c_str());
    return false;
}

}  // namespace

int run_bench(const bench::Options& options) {
    prepare_grpc();
    const bool in_terminal = ::isatty(STDERR_FILENO) != 0;
    const auto report = bench::run(options, [&](const bench::Progress& progress) {
        if (in_terminal) show(options, progress);
    });
    if (in_terminal) std::fprintf(stderr, "\r%79s\r", "");
    if (!report) {
        std::fprintf(stderr, "dtmd: %s\n", report.error().what.c_str());
        return report.error().code == Errc::invalid ? 2 : 1;
    }
    const std::string text = options.json ? bench::as_json(*report) : bench::as_text(*report);
    std::fputs(text.c_str(), stdout);
    const bool written =
        write(options.json_file, *report, bench::as_json) && write(options.html_file, *report, bench::as_html);
    return written && report->complaints.empty() && report->totals.other_errors == 0 ? 0 : 1;
}

}  // namespace dtmd::app
