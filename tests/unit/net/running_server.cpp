#include "unit/net/running_server.h"

#include <future>
#include <stdexcept>

namespace dtmd::net {
namespace {

constexpr std::chrono::seconds patience{10};

}  // namespace

RunningServer::RunningServer(HttpHandler handler, HttpServerOptions options, std::size_t loops) {
    options.host = "127.0.0.1";
    options.port = 0;
    std::vector<AsioLoop*> raw;
    for (std::size_t i = 0; i < loops; ++i) raw.push_back(loops_.emplace_back(std::make_unique<AsioLoop>()).get());
    auto server = listen_http(raw, std::move(options), std::move(handler));
    if (!server) throw std::runtime_error(server.error().what);
    server_ = std::move(*server);
    port_ = server_->port();
    for (AsioLoop* loop : raw) threads_.emplace_back([loop] { loop->run(); });
}

RunningServer::~RunningServer() {
    for (const auto& loop : loops_) loop->stop();
    for (std::thread& thread : threads_) thread.join();
}

void RunningServer::run(std::function<void()> work) {
    std::promise<void> done;
    loop().post([&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

void RunningServer::begin_stop(Millis limit) {
    run([&] {
        server_->stop(limit, [this] {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
            changed_.notify_all();
        });
    });
}

bool RunningServer::wait_until_stopped() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return stopped_; });
}

void RunningServer::destroy_server() {
    run([this] { server_.reset(); });
}

HttpHandler Parlour::handler() {
    return [this](HttpRequest, Loop&, Respond respond) {
        const std::lock_guard lock(mutex_);
        ++seen_;
        kept_.push_back(std::move(respond));
        changed_.notify_all();
    };
}

bool Parlour::wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return seen_ >= count; });
}

std::vector<Respond> Parlour::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(kept_, {});
}

HttpHandler echo() {
    return [](HttpRequest request, Loop&, Respond respond) {
        HttpResponse response;
        response.body =
            std::string(request.method_string()) + " " + std::string(request.target()) + " " + request.body();
        respond(std::move(response));
    };
}

}  // namespace dtmd::net
