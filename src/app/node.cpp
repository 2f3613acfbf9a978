#include "app/node.h"

#include "api/http/http_api.h"
#include "app/grpc_process.h"
#include "app/participants.h"
#include "app/settings.h"
#include "app/stores.h"
#include "app/version.h"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <stdexcept>

namespace dtmd::app {

Result<std::unique_ptr<Node>> Node::start(const config::Config& config) {
    auto discovery = read_discovery(config);
    if (!discovery) return discovery.error();
    for (const std::string& warning : discovery->warnings) log::warn("registry.unsupported", {{"text", warning}});
    std::unique_ptr<Node> node;
    try {
        node.reset(new Node(config, *discovery));
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
    node->make_known(std::move(discovery->places));
    node->run();
    return node;
}

Node::Node(const config::Config& config, const Discovery& discovery)
    : metrics_(observe::make_metrics(std::string(version_text))) {
    prepare_grpc();
    for (std::size_t i = 0; i < shard_count(config); ++i) {
        shards_.push_back(std::make_unique<Shard>(clock_));
    }
    directory_ = participant::make_directory(shards_.front()->loop, discovery.directory);
    for (const auto& shard : shards_) {
        shard->participant = make_participant(shard->loop, config, *directory_, discovery.resolving);
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

void Node::make_known(std::vector<RegistryPlace> places) {
    if (places.empty()) return;
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    const std::string id = "dtmd-" + std::string(host.data()) + "-" + std::to_string(port());
    registration_ = std::make_unique<Registration>(shards_.front()->loop, std::move(places), id);
}

void Node::run() {
    shards_.front()->loop.post([this] {
        if (registration_) registration_->start();
        if (!watch_) return coordinator_->start();
        watch_->start([this] { coordinator_->start(); });
    });
    for (const auto& shard : shards_) {
        net::AsioLoop& loop = shard->loop;
        threads_.emplace_back([&loop] { loop.run(); });
    }
}

// Clients first learn that this node goes, then it goes.
void Node::stop(Millis limit, Task stopped) {
    constexpr Millis longest_farewell{2'000};
    const Millis farewell = registration_ ? std::min(limit / 4, longest_farewell) : Millis(0);
    auto serve_no_more = [this, rest = limit - farewell, stopped = std::move(stopped)]() mutable {
        stop_serving(rest, std::move(stopped));
    };
    shards_.front()->loop.post([this, farewell, serve_no_more = std::move(serve_no_more)]() mutable {
        if (!registration_) return serve_no_more();
        registration_->withdraw(farewell, std::move(serve_no_more));
    });
}

void Node::stop_serving(Millis limit, Task stopped) {
    // All at once: the listeners wait for answers that the coordinator's stop brings about.
    auto remaining = std::make_shared<int>(grpc_server_ ? 3 : 2);
    auto last = std::make_shared<Task>(std::move(stopped));
    const auto one_stopped = [remaining, last] {
        if (--*remaining == 0) (*last)();
    };
    server_->stop(limit, one_stopped);
    if (grpc_server_) grpc_server_->stop(limit, one_stopped);
    coordinator_->stop(limit, one_stopped);
}

}  // namespace dtmd::app
