// How many two-branch sagas a second a running dtmd does over gRPC: submits them with wait_result, so many at a time,
// and serves their branches itself. It shares the cores with dtmd, so compare runs of one machine only.
//
// Usage: grpc_bench HOST:PORT [in-flight (32)] [seconds (10)] [branches]
//   branches   only serve branches, at the address that is printed: for wrk, which submits over HTTP
#include "proto/dtm_service.grpc.pb.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// Answers every unary method with an empty message.
class Branches final : public grpc::CallbackGenericService {
public:
    std::atomic<long> calls{0};

private:
    class Reactor final : public grpc::ServerGenericBidiReactor {
    public:
        explicit Reactor(std::atomic<long>& calls) : calls_(calls) { StartRead(&request_); }
        void OnReadDone(bool) override {
            ++calls_;
            const grpc::Slice empty;
            answer_ = grpc::ByteBuffer(&empty, 1);
            StartWriteAndFinish(&answer_, {}, grpc::Status::OK);
        }
        void OnDone() override { delete this; }

    private:
        std::atomic<long>& calls_;
        grpc::ByteBuffer request_, answer_;
    };
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
        return new Reactor(calls);
    }
};

/// Keeps one saga under way.
class Lane {
public:
    Lane(dtmgimp::Dtm::Stub& stub, std::string steps, std::string prefix, std::atomic<int>& running)
        : stub_(stub), prefix_(std::move(prefix)), running_(running) {
        request_.set_transtype("saga");
        request_.set_steps(std::move(steps));
        request_.add_binpayloads(std::string(100, 'p'));
        request_.add_binpayloads(std::string(100, 'q'));
        request_.mutable_transoptions()->set_waitresult(true);
    }

    void submit(Clock::time_point until) {
        until_ = until;
        request_.set_gid(prefix_ + std::to_string(number_++));
        context_.emplace();
        began_ = Clock::now();
        stub_.async()->Submit(&*context_, &request_, &empty_, [this](const grpc::Status& status) { answered(status); });
    }

    long failed = 0;
    std::vector<double> millis;

private:
    void answered(const grpc::Status& status) {
        const auto now = Clock::now();
        if (status.ok()) {
            millis.push_back(std::chrono::duration<double, std::milli>(now - began_).count());
        } else if (failed++ == 0) {
            std::fprintf(stderr, "%d: %s\n", status.error_code(), status.error_message().c_str());
        }
        if (now < until_) return submit(until_);
        --running_;
    }

    dtmgimp::Dtm::Stub& stub_;
    std::string prefix_;
    std::atomic<int>& running_;
    dtmgimp::DtmRequest request_;
    google::protobuf::Empty empty_;
    std::optional<grpc::ClientContext> context_;
    Clock::time_point began_, until_;
    long number_ = 0;
};

void run_for(std::vector<std::unique_ptr<Lane>>& lanes, std::atomic<int>& running, int seconds) {
    running = static_cast<int>(lanes.size());
    const auto until = Clock::now() + std::chrono::seconds(seconds);
    for (const auto& lane : lanes) lane->submit(until);
    while (running > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

int submit_all(const std::string& server, int in_flight, int seconds, const std::string& branches) {
    const auto stub = dtmgimp::Dtm::NewStub(grpc::CreateChannel(server, grpc::InsecureChannelCredentials()));
    const std::string step =
        R"({"action":")" + branches + R"(/busi.Busi/Do","compensate":")" + branches + R"(/busi.Busi/Undo"})";
    const std::string prefix = "bench" + std::to_string(Clock::now().time_since_epoch().count()) + "-";
    std::atomic<int> running{0};
    std::vector<std::unique_ptr<Lane>> lanes;
    for (int i = 0; i < in_flight; ++i) {
        lanes.push_back(
            std::make_unique<Lane>(*stub, "[" + step + "," + step + "]", prefix + std::to_string(i) + "-", running));
    }
    run_for(lanes, running, 2);  // To warm up.
    for (const auto& lane : lanes) lane->millis.clear();
    const auto began = Clock::now();
    run_for(lanes, running, seconds);
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    std::vector<double> all;
    long failed = 0;
    for (const auto& lane : lanes) {
        all.insert(all.end(), lane->millis.begin(), lane->millis.end());
        failed += lane->failed;
    }
    if (all.empty()) return 1;
    std::ranges::sort(all);
    const auto at = [&](double share) {
        return all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
    };
    std::printf("%.0f sagas/s, p50 %.2f ms, p99 %.2f ms, max %.2f ms, %zu done, %ld failed\n",
                static_cast<double>(all.size()) / took, at(0.5), at(0.99), all.back(), all.size(), failed);
    return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        std::fputs("usage: grpc_bench HOST:PORT [in-flight] [seconds] [branches]\n", stderr);
        return 2;
    }
    const auto number = [&](int at, int otherwise) { return count > at ? std::atoi(arguments[at]) : otherwise; };
    Branches service;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&service);
    const auto server = builder.BuildAndStart();
    if (!server) return 1;
    const std::string branches = "127.0.0.1:" + std::to_string(port);
    if (count > 4 && std::string(arguments[4]) == "branches") {
        std::printf("%s\n", branches.c_str());
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::seconds(number(3, 10)));
        return 0;
    }
    const int result = submit_all(arguments[1], number(2, 32), number(3, 10), branches);
    std::printf("%ld branch calls\n", service.calls.load());
    server->Shutdown(std::chrono::system_clock::now());
    return result;
}
