// Measures the listener and the calling of participants by themselves.
//
//   net_bench serve PORT                     Answers {"dtm_result":"SUCCESS"} to anything, for a load generator.
//   net_bench call URL CALLS_AT_ONCE SECONDS Calls URL as a branch and prints calls per second and CPU per call.
#include "net/http_server.h"
#include "participant/http/http_participant.h"

#include <sys/resource.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace dtmd {
namespace {

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) * 1e-6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int serve(std::uint16_t port) {
    net::AsioLoop loop;
    net::AsioLoop* const loops[] = {&loop};
    auto server =
        net::listen_http(loops, {.host = "127.0.0.1", .port = port}, [](net::HttpRequest, Loop&, net::Respond respond) {
            net::HttpResponse response;
            response.body = R"({"dtm_result":"SUCCESS"})";
            respond(std::move(response));
        });
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().what.c_str());
        return 1;
    }
    loop.run();
    return 0;
}

class Caller {
public:
    Caller(net::AsioLoop& loop, std::string url)
        : url_(std::move(url)), participant_(participant::make_http_participant(loop, {})) {}

    void call() {
        participant::Call call;
        call.url = url_;
        call.protocol = "http";
        call.gid = "0192a4c7e5f8b3d6a1c2e4";
        call.branch_id = "01";
        call.op = "action";
        call.trans_type = "saga";
        call.body = R"({"amount":30,"transInResult":"","transOutResult":""})";
        participant_->call(std::move(call), [this](const participant::Reply& reply) {
            ++(reply.answer == txn::Answer::success ? good_ : bad_);
            if (reply.answer != txn::Answer::success && bad_ == 1) std::fprintf(stderr, "%s\n", reply.text.c_str());
            if (!ended_) this->call();
        });
    }

    void end() { ended_ = true; }
    long good() const { return good_; }
    long bad() const { return bad_; }

private:
    std::string url_;
    long good_ = 0, bad_ = 0;
    bool ended_ = false;
    std::unique_ptr<participant::Participant> participant_;
};

int call(const std::string& url, int at_once, int seconds) {
    net::AsioLoop loop;
    Caller caller(loop, url);
    const double before = cpu_seconds();
    loop.post([&] {
        for (int i = 0; i < at_once; ++i) caller.call();
    });
    loop.after(std::chrono::seconds(seconds), [&] {
        caller.end();
        loop.stop();
    });
    loop.run();
    const double cpu = cpu_seconds() - before;
    const auto calls = double(caller.good() + caller.bad());
    std::printf("%.0f calls/s, %.0f calls per CPU-second, %.1f us of CPU per call, %ld failed\n", calls / seconds,
                calls / cpu, cpu / calls * 1e6, caller.bad());
    return caller.bad() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace dtmd

int main(int count, char** words) {
    if (count == 3 && std::strcmp(words[1], "serve") == 0) {
        return dtmd::serve(static_cast<std::uint16_t>(std::atoi(words[2])));
    }
    if (count == 5 && std::strcmp(words[1], "call") == 0) {
        return dtmd::call(words[2], std::atoi(words[3]), std::atoi(words[4]));
    }
    std::fprintf(stderr, "net_bench serve PORT | net_bench call URL CALLS_AT_ONCE SECONDS\n");
    return 2;
}
