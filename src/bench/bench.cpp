#include "bench/bench.h"

#include "bench/link.h"
#include "bench/load.h"
#include "bench/server.h"

#include <fmt/format.h>

#include <unistd.h>

namespace dtmd::bench {
namespace {

using std::chrono::duration;

constexpr Micros drain_limit{60'000'000}, tick{100'000};

/// A run from its warm-up to its report, as steps on the loop's clock.
class Run {
public:
    Run(const Options& options, const Server& server, std::function<void(const Progress&)> show)
        : options_(options),
          show_(std::move(show)),
          ledger_(*parse_kind(options.mode), options.branches, options.watch,
                  fmt::format("bench{:x}-{:x}-", ::getpid(), loop_.now().time_since_epoch().count())),
          link_(loop_, ledger_, options, server) {
        report_.server_version = server.version;
    }

    Result<Report> run() {
        const auto open = link_.open();
        if (!open) return Error{Errc::unavailable, "the bench's participant: " + open.error().what};
        load_ = std::make_unique<Load>(loop_, ledger_, options_, link_.lanes());
        loop_.post([this] { begin(); });
        link_.run();
        load_.reset();
        return make_report();
    }

private:
    Micros span(double seconds) const { return Micros{static_cast<std::int64_t>(seconds * 1e6)}; }

    void begin() {
        start_ = loop_.steady() + span(options_.warm_up);
        end_ = start_ + span(options_.seconds);
        load_->start();
        look();
    }

    // Ten times a second: what has become due, and how things stand.
    void look() {
        const Micros now = loop_.steady();
        if (now >= start_ && !report_.before) begin_measuring(now);
        if (now >= start_) link_.set_out(is_outage(now));
        if (now >= next_second_ && report_.before) read_second(now);
        if (now >= end_ && !is_over_) end(now);
        show_({duration<double>(now - start_).count(), ledger_.totals.ended, is_over_});
        const bool is_drained = is_over_ && load_->is_idle() && ledger_.complaints().empty();
        if (is_drained || now >= end_ + drain_limit) return loop_.stop();
        loop_.after(std::chrono::duration_cast<Millis>(tick), [this] { look(); });
    }

    bool is_outage(Micros now) const {
        const Micros from = start_ + span(options_.outage_at);
        return options_.outage_for > 0 && now >= from && now < from + span(options_.outage_for);
    }

    void begin_measuring(Micros now) {
        start_ = now;
        end_ = start_ + span(options_.seconds);
        ledger_.measure_from(now);
        report_.before = read_usage(options_.pid);
        if (!report_.before) report_.before.emplace();
        last_cpu_ = report_.before->cpu_seconds;
        next_second_ = start_ + span(1);
    }

    void read_second(Micros now) {
        const auto usage = read_usage(options_.pid);
        const auto second = static_cast<std::size_t>((next_second_ - start_).count() / 1'000'000 - 1);
        next_second_ += span(1);
        if (!usage || now >= end_ + span(1)) return;
        if (ledger_.seconds.size() <= second) ledger_.seconds.resize(second + 1);
        ledger_.seconds[second].cpu_cores = usage->cpu_seconds - last_cpu_;
        ledger_.seconds[second].memory_mib = usage->resident_mib;
        last_cpu_ = usage->cpu_seconds;
    }

    void end(Micros now) {
        is_over_ = true;
        load_->stop();
        ledger_.measure_until(now);
        report_.seconds = duration<double>(now - start_).count();
        report_.after = read_usage(options_.pid);
    }

    Report make_report() {
        report_.options = options_;
        report_.totals = ledger_.totals;
        report_.by_second = ledger_.seconds;
        // The rest of a second, or what came after the end, would look like a slump.
        const auto whole = static_cast<std::size_t>(std::max(options_.seconds, 1.0));
        if (report_.by_second.size() > whole) report_.by_second.resize(whole);
        report_.complaints = ledger_.complaints();
        if (options_.pid == 0 || !report_.after) report_.before.reset();
        if (options_.pid != 0 && !report_.after) {
            report_.complaints.push_back(fmt::format("there is no process {} to read", options_.pid));
        }
        if (report_.totals.ended == 0) report_.complaints.push_back("no transaction ended while it was measured");
        return std::move(report_);
    }

    const Options& options_;
    const std::function<void(const Progress&)> show_;
    net::AsioLoop loop_;
    Ledger ledger_;
    Link link_;
    std::unique_ptr<Load> load_;
    Report report_;
    Micros start_{0}, end_{0}, next_second_{0};
    double last_cpu_ = 0;
    bool is_over_ = false;
};

}  // namespace

Result<Report> run(const Options& asked, std::function<void(const Progress&)> show) {
    const Options options = completed(asked);
    const std::string complaint = check(options);
    if (!complaint.empty()) return Error{Errc::invalid, complaint};
    const auto server = find_server(options);
    if (!server) return server.error();
    return Run(options, *server, std::move(show)).run();
}

}  // namespace dtmd::bench
