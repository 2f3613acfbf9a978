#include "participant/http/connection_pool.h"

namespace dtmd::participant {

std::unique_ptr<HttpConnection> ConnectionPool::take(std::string_view origin) {
    const auto found = idle_.find(origin);
    if (found == idle_.end() || found->second.empty()) return nullptr;
    auto connection = std::move(found->second.back());
    found->second.pop_back();
    return connection;
}

void ConnectionPool::keep(std::string_view origin, std::unique_ptr<HttpConnection> connection) {
    auto found = idle_.find(origin);
    if (found == idle_.end()) found = idle_.try_emplace(std::string(origin)).first;
    if (found->second.size() >= max_per_origin_) return;
    connection->idle_since = Clock::now();
    found->second.push_back(std::move(connection));
}

void ConnectionPool::sweep(Clock::time_point now) {
    for (auto& [origin, waiting] : idle_) {
        std::erase_if(waiting, [&](const std::unique_ptr<HttpConnection>& one) {
            return now - one->idle_since > idle_limit_ || one->has_gone_stale();
        });
    }
    std::erase_if(idle_, [](const auto& item) { return item.second.empty(); });
}

}  // namespace dtmd::participant
