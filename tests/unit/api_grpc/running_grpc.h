#pragma once

#include "api/grpc/grpc_server.h"
#include "net/asio_loop.h"
#include "proto/dtm_service.grpc.pb.h"
#include "unit/api/fakes.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace dtmd::api {

/// Counts from any thread.
class CountingMetrics final : public observe::ApiMetrics {
public:
    void request_answered(std::string_view type, std::string_view api, bool ok, double) override {
        const std::lock_guard lock(mutex_);
        answered_.push_back(std::string(type) + " " + std::string(api) + (ok ? " ok" : " fail"));
    }
    std::vector<std::string> answered() {
        const std::lock_guard lock(mutex_);
        return answered_;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> answered_;
};

/// Does not count health checks, which come at any time.
class QuietEngine : public FakeEngine {
public:
    void health(Loop& home, engine::Reply reply) override {
        home.post([this, reply = std::move(reply)]() mutable { reply(answer); });
    }
};

/// An engine that answers a submit when the test says so.
class WaitingEngine final : public QuietEngine {
public:
    void submit(Loop& home, txn::Transaction request, engine::Reply reply) override;
    /// Waits for so many submits; false if they don't come within ten seconds.
    bool wait_for(std::size_t count);
    /// On the loop that it came from.
    void answer_all(engine::Answer with);
    /// As an engine that forgets them.
    void drop_all();

private:
    struct Waiting {
        Loop* home;
        engine::Reply reply;
    };
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Waiting> waiting_;
};

/// Loops that run until this goes.
class Loops {
public:
    Loops();
    ~Loops();
    std::vector<Loop*> list();
    Loop& first() { return loops_.front(); }
    /// Runs it on the first loop and waits for its end.
    void run(absl::AnyInvocable<void()> work);
    /// Waits until both have done what they were given so far.
    void settle();

private:
    std::deque<net::AsioLoop> loops_;
    std::vector<std::thread> threads_;
};

/// A gRPC server over an engine of the test's, with two loops on threads of their own.
struct Running {
    explicit Running(engine::Engine& engine_used, GrpcServerOptions options = local());

    /// Plaintext on 127.0.0.1, any port.
    static GrpcServerOptions local();
    std::string address() const { return "127.0.0.1:" + std::to_string(server->port()); }
    std::unique_ptr<dtmgimp::Dtm::Stub> stub() const;
    std::shared_ptr<grpc::Channel> channel() const;
    /// Asks the health service; -1: no answer.
    int health() const;

    CountingMetrics metrics;
    Loops loops;
    std::unique_ptr<GrpcServer> server;
};

/// A context with a deadline that no test reaches.
struct Context : grpc::ClientContext {
    Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20)); }
};

/// A raw unary call of any method with any bytes.
grpc::Status call_raw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                      const std::string& bytes, std::string* answer = nullptr);

/// Waits up to ten seconds for `condition`.
bool eventually(const std::function<bool()>& condition);

}  // namespace dtmd::api
