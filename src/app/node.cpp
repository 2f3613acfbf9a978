#include "app/node.h"

#include "api/http/http_api.h"
#include "app/grpc_process.h"
#include "app/participants.h"
#include "app/settings.h"
#include "app/stores.h"
#include "app/version.h"

#include <stdexcept>

namespace dtmd::app {

Result<std::unique_ptr<Node>> Node::start(const config::Config& config) {
    std::unique_ptr<Node> node;
    try {
        node.reset(new Node(config));
    } catch (const std::runtime_error& failed) {  // A setting of the participants that can't be used.
        return Error{Errc::unavailable, failed.what()};
    }
    const auto opened = node->open_store(config);
    if (!opened) return opened.error();
    node->make_engine(config);
    const auto listening = node->listen(config);
    if (!listening) return listening.error();
    const auto grpc_listening = node->listen_grpc(config);
    if (!grpc_listening) return grpc_listening.error();
    node->run();
    return node;
}

Node::Node(const config::Config& config) : metrics_(observe::make_metrics(std::string(version_text))) {
    prepare_grpc();
    for (std::size_t i = 0; i < shard_count(config); ++i) {
        shards_.push_back(std::make_unique<Shard>(clock_));
        shards_.back()->participant = make_participant(shards_.back()->loop, config);
    }
    if (!config.alert_web_hook.empty()) {
        const Millis timeout = std::chrono::seconds(config.request_timeout);
        alerts_ = participant::make_alert_hook(shards_.front()->loop, config.alert_web_hook, timeout);
    }
}

Node::~Node() {
    grpc_server_.reset();  // While its calls can still be answered.
    for (const auto& shard : shards_) shard->loop.stop();
    for (std::thread& thread : threads_) thread.join();
}

Result<void> Node::open_store(const config::Config& config) {
    auto opened = app::open_store(config, *metrics_, clock_);
    if (!opened) return opened.error();
    store_ = *std::move(opened);
    if (!is_shared(config.store)) return {};
    watch_ = std::make_unique<StoreWatch>(shards_.front()->loop, *store_, clock_, *metrics_, describe(config.store));
    return {};
}

void Node::make_engine(const config::Config& config) {
    std::vector<engine::ShardEnvironment> environments;
    for (const auto& shard : shards_) environments.push_back({shard->loop, *shard->participant, shard->random});
    const auto send_alert = [this](Loop&, engine::Alert alert) {
        if (!alerts_) return;
        alerts_->send(alert_json(alert), [this](bool delivered) { metrics_->alert(delivered); });
    };
    coordinator_ =
        engine::make_coordinator(std::move(environments), *store_, engine_settings(config), *metrics_, send_alert);
}

Result<void> Node::listen(const config::Config& config) {
    std::vector<net::AsioLoop*> loops;
    for (const auto& shard : shards_) loops.push_back(&shard->loop);
    auto handler =
        api::make_http_api(*coordinator_, *metrics_, [this] { return metrics_->expose(); }, api_options(config));
    auto server = net::listen_http(loops, listener_options(config), std::move(handler));
    if (!server) return server.error();
    server_ = std::move(*server);
    return {};
}

Result<void> Node::listen_grpc(const config::Config& config) {
    if (config.grpc_port < 0) return {};
    std::vector<Loop*> loops;
    for (const auto& shard : shards_) loops.push_back(&shard->loop);
    auto server = api::listen_grpc(std::move(loops), *coordinator_, *metrics_, grpc_listener_options(config));
    if (!server) return server.error();
    grpc_server_ = std::move(*server);
    return {};
}

void Node::run() {
    shards_.front()->loop.post([this] {
        if (watch_) watch_->start();
        coordinator_->start();
    });
    for (const auto& shard : shards_) {
        net::AsioLoop& loop = shard->loop;
        threads_.emplace_back([&loop] { loop.run(); });
    }
}

void Node::stop(Millis limit, Task stopped) {
    // All at once: the listeners wait for answers that the coordinator's stop brings about.
    auto remaining = std::make_shared<int>(grpc_server_ ? 3 : 2);
    auto last = std::make_shared<Task>(std::move(stopped));
    const auto one_stopped = [remaining, last] {
        if (--*remaining == 0) (*last)();
    };
    shards_.front()->loop.post([this, limit, one_stopped] {
        server_->stop(limit, one_stopped);
        if (grpc_server_) grpc_server_->stop(limit, one_stopped);
        coordinator_->stop(limit, one_stopped);
    });
}

}  // namespace dtmd::app
