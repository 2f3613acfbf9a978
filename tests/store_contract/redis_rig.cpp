#include "store_contract/redis_rig.h"

#include "store_contract/servers/redis.h"

#include <stdexcept>

namespace dtmd::store::test {
namespace {

class RedisRig final : public Rig {
public:
    explicit RedisRig(std::size_t slices) : slices_(slices) {}

    BackendFactory open() override {
        return open_or_throw({.hosts = {shared_redis().host()}, .prefix = prefix_, .slices = slices_});
    }

private:
    const std::size_t slices_;
    const std::string prefix_ = fresh_prefix();
};

}  // namespace

std::vector<Candidate> redis_candidates() {
    std::vector<Candidate> all;
    all.push_back({.name = "redis", .make_rig = [] { return std::make_unique<RedisRig>(0); }});
    all.push_back({.name = "redis_spread", .make_rig = [] { return std::make_unique<RedisRig>(8); }});
    return all;
}

BackendFactory open_or_throw(RedisOptions options) {
    auto factory = open_redis(std::move(options));
    if (!factory) throw std::runtime_error(factory.error().what);
    return *std::move(factory);
}

}  // namespace dtmd::store::test
