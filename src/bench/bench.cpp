#include "bench/bench.h"

#include "bench/branch_service.h"
#include "bench/load.h"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/url/parse.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

namespace dtmd::bench {
namespace {

using std::chrono::duration;

constexpr Micros drain_limit{60'000'000}, tick{100'000};

Result<participant::Endpoints> find_server(net::AsioLoop& loop, const std::string& url) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) {
        return Error{Errc::invalid, "--server: expected http://HOST:PORT, got '" + url + "'"};
    }
    boost::asio::ip::tcp::resolver resolver(loop.context());
    boost::system::error_code error;
    const std::string port = parsed->has_port() ? std::string(parsed->port()) : "36789";
    const auto found = resolver.resolve(parsed->host_address(), port, error);
    if (error) return Error{Errc::unavailable, url + ": " + error.message()};
    participant::Endpoints endpoints;
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    return endpoints;
}

boost::asio::awaitable<Result<std::string>> ask_version(net::AsioLoop& loop, participant::Endpoints server,
                                                        std::string url) {
    participant::HttpConnection connection(loop.context(), nullptr);
    const auto connected = co_await connection.connect(std::move(server), "");
    if (!connected) co_return Error{Errc::unavailable, url + " does not answer: " + connected.error().what};
    const std::string host = url.substr(url.find("://") + 3);
    std::string request = "GET /api/dtmsvr/version HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    constexpr std::size_t enough = 64 << 10;
    const auto answer = co_await connection.exchange(std::move(request), enough);
    if (!answer) co_return Error{Errc::unavailable, url + " does not answer: " + answer.error().what};
    const auto document = nlohmann::json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object() || !document.contains("version") || !document["version"].is_string()) {
        co_return Error{Errc::unavailable, url + " does not speak dtm's protocol: /api/dtmsvr/version says " +
                                               answer->body.substr(0, 100)};
    }
    co_return document["version"].get<std::string>();
}

/// Whether a coordinator is there, and which. Before any load, so that a wrong address is one clear line.
Result<std::string> find_version(const participant::Endpoints& server, const std::string& url) {
    net::AsioLoop loop;
    auto version = boost::asio::co_spawn(loop.context(), ask_version(loop, server, url), boost::asio::use_future);
    loop.context().run();
    return version.get();
}

/// A run from its warm-up to its report, as steps on the loop's clock.
class Run {
public:
    Run(const Options& options, participant::Endpoints server, std::string version,
        std::function<void(const Progress&)> show)
        : options_(options),
          show_(std::move(show)),
          server_(std::move(server)),
          ledger_(*parse_kind(options.mode), options.branches, options.watch,
                  fmt::format("bench{:x}-{:x}-", ::getpid(), loop_.now().time_since_epoch().count())),
          service_(loop_, ledger_, options.latency) {
        report_.server_version = std::move(version);
    }

    Result<Report> run() {
        const auto listening = service_.listen(options_.participant, options_.participant_port);
        if (!listening) return Error{Errc::unavailable, "the bench's participant: " + listening.error().what};
        Script script;
        script.kind = *parse_kind(options_.mode);
        script.branches = options_.branches;
        script.payload = make_payload(options_.payload);
        script.participant = fmt::format("http://{}:{}", options_.participant, service_.port());
        script.wait = !options_.watch;
        load_ = std::make_unique<Load>(loop_, ledger_, options_, std::move(script), server_);
        loop_.post([this] { begin(); });
        loop_.run();
        return make_report();
    }

private:
    Micros span(double seconds) const { return Micros{static_cast<std::int64_t>(seconds * 1e6)}; }

    void begin() {
        start_ = loop_.steady() + span(options_.warm_up);
        end_ = start_ + span(options_.seconds);
        ledger_.measure_from(start_);
        ledger_.measure_until(end_);
        load_->start();
        look();
    }

    // Ten times a second: what has become due, and how things stand.
    void look() {
        const Micros now = loop_.steady();
        if (now >= start_ && !report_.before) read_before();
        if (now >= start_) service_.set_out(is_outage(now));
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

    void read_before() {
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
        report_.seconds = duration<double>(now - start_).count();
        ended_in_time_ = ledger_.totals.ended;
        report_.after = read_usage(options_.pid);
    }

    Report make_report() {
        report_.options = options_;
        report_.totals = ledger_.totals;
        report_.totals.ended = ended_in_time_;  // What was ended later does not make it faster.
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
    const participant::Endpoints server_;
    net::AsioLoop loop_;
    Ledger ledger_;
    BranchService service_;
    std::unique_ptr<Load> load_;
    Report report_;
    Micros start_{0}, end_{0}, next_second_{0};
    double last_cpu_ = 0;
    std::uint64_t ended_in_time_ = 0;
    bool is_over_ = false;
};

}  // namespace

Result<Report> run(const Options& options, std::function<void(const Progress&)> show) {
    const std::string complaint = check(options);
    if (!complaint.empty()) return Error{Errc::invalid, complaint};
    net::AsioLoop for_names;
    const auto server = find_server(for_names, options.server);
    if (!server) return server.error();
    auto version = find_version(*server, options.server);
    if (!version) return version.error();
    return Run(options, *server, *std::move(version), std::move(show)).run();
}

}  // namespace dtmd::bench
