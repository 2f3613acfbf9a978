#include "participant/resolver/etcd_client.h"
#include "support/ports.h"
#include "unit/resolver/etcd_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <thread>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::EtcdServer;
using testing::HasSubstr;

/// A client whose loop has a thread of its own.
class RunningClient {
public:
    explicit RunningClient(EtcdOptions options) : client(context_, std::move(options)) {}
    ~RunningClient() {
        context_.stop();
        thread_.join();
    }

    template <class T>
    std::future<T> start(asio::awaitable<T> call) {
        return asio::co_spawn(context_, std::move(call), asio::use_future);
    }
    template <class T>
    T run(asio::awaitable<T> call) {
        return start(std::move(call)).get();
    }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    std::thread thread_{[this] { context_.run(); }};

public:
    EtcdClient client;
};

EtcdOptions options_for(const EtcdServer& server) {
    EtcdOptions options;
    options.endpoints = {server.address()};
    return options;
}

TEST(EtcdClient, ReadsWhatLiesBelowAPrefix) {
    EtcdServer server;
    server.put("order/1", "a:1");
    server.put("order/2", "b:1");
    server.put("orders/3", "c:1");
    RunningClient running(options_for(server));
    const auto range = running.run(running.client.read("order/"));
    ASSERT_TRUE(range) << range.error().what;
    EXPECT_EQ(range->items, (std::vector<std::pair<std::string, std::string>>{{"order/1", "a:1"}, {"order/2", "b:1"}}));
    EXPECT_EQ(range->revision, 4);
}

TEST(EtcdClient, WakesWhenSomethingChanges) {
    EtcdServer server;
    RunningClient running(options_for(server));
    const auto now = running.run(running.client.read("order/"));
    ASSERT_TRUE(now);
    // What has changed since the reading counts as well: nothing is missed in between.
    server.put("order/1", "a:1");
    EXPECT_EQ(running.run(running.client.wait_for_change("order/", now->revision, 60s)), Watched::changed);
    const auto then = running.run(running.client.read("order/"));
    EXPECT_EQ(then->items.size(), 1u);
    auto waiting = running.start(running.client.wait_for_change("order/", then->revision, 60s));
    server.put("other/1", "a:1");
    EXPECT_EQ(waiting.wait_for(200ms), std::future_status::timeout) << "other services don't matter";
    server.remove("order/1");
    ASSERT_EQ(waiting.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(waiting.get(), Watched::changed);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(running.run(running.client.wait_for_change("order/", then->revision + 10, 300ms)), Watched::quiet);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 290ms);
    waiting = running.start(running.client.wait_for_change("order/", then->revision + 10, 60s));
    EXPECT_EQ(waiting.wait_for(200ms), std::future_status::timeout);
    server.kill();
    ASSERT_EQ(waiting.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(waiting.get(), Watched::lost);
}

TEST(EtcdClient, KeepsEntriesUnderALease) {
    EtcdServer server;
    RunningClient running(options_for(server));
    const auto lease = running.run(running.client.grant(60s));
    ASSERT_TRUE(lease) << lease.error().what;
    ASSERT_TRUE(running.run(running.client.put("dtm/1", "h:1", *lease)));
    EXPECT_EQ(server.ctl({"get", "dtm/1", "--print-value-only"}), "h:1\n");
    EXPECT_EQ(*running.run(running.client.keep_alive(*lease)), LeaseState::alive);
    ASSERT_TRUE(running.run(running.client.revoke(*lease)));
    EXPECT_EQ(server.ctl({"get", "dtm/1"}), "");
    EXPECT_EQ(*running.run(running.client.keep_alive(*lease)), LeaseState::gone);
    EXPECT_TRUE(running.run(running.client.revoke(*lease))) << "what is gone is what was wanted";
}

TEST(EtcdClient, AsksAnotherMemberWhenOneIsGone) {
    const auto cluster = EtcdServer::cluster_of_three();
    EtcdOptions options;
    for (const auto& member : cluster) options.endpoints.push_back(member->address());
    RunningClient running(options);
    cluster[1]->put("order/1", "a:1");
    for (const std::size_t gone : {0u, 1u, 2u}) {
        cluster[gone]->kill();
        EXPECT_TRUE(test::eventually([&] { return running.run(running.client.read("order/")).has_value(); }));
        EXPECT_EQ(running.run(running.client.read("order/"))->items.size(), 1u);
        cluster[gone]->start();
        cluster[gone]->wait_until_up();
    }
}

TEST(EtcdClient, SaysWhatEachMemberSaid) {
    EtcdOptions options;
    options.endpoints = {"127.0.0.1:" + std::to_string(ports::reserve()), "no-such-host.invalid:2379"};
    RunningClient running(options);
    const auto range = running.run(running.client.read("order/"));
    ASSERT_FALSE(range);
    EXPECT_EQ(range.error().code, Errc::unavailable);
    EXPECT_THAT(range.error().what, HasSubstr(options.endpoints[0] + ": cannot connect"));
    EXPECT_THAT(range.error().what, HasSubstr("no-such-host.invalid:2379: cannot find the host"));
}

TEST(EtcdClient, DoesNotWaitForAMemberThatIsStuck) {
    EtcdServer server;
    EtcdOptions options = options_for(server);
    options.timeout = 300ms;
    RunningClient running(options);
    server.pause();
    const auto range = running.run(running.client.read("order/"));
    server.resume();
    ASSERT_FALSE(range);
    EXPECT_THAT(range.error().what, HasSubstr("no answer"));
}

TEST(EtcdClient, LogsInWhereItHasTo) {
    EtcdServer server;
    server.ctl({"user", "add", "root:secret"});
    server.ctl({"user", "grant-role", "root", "root"});
    server.ctl({"auth", "enable"});
    EtcdOptions options = options_for(server);
    RunningClient stranger(options);
    EXPECT_THAT(stranger.run(stranger.client.read("a/")).error().what, HasSubstr("user name is empty"));
    options.user = "root";
    options.password = "wrong";
    RunningClient mistaken(options);
    EXPECT_THAT(mistaken.run(mistaken.client.read("a/")).error().what, HasSubstr("cannot log in"));
    options.password = "secret";
    RunningClient known(options);
    EXPECT_TRUE(known.run(known.client.read("a/")));
    // Its tokens are forgotten.
    server.kill();
    server.start();
    EXPECT_TRUE(test::eventually([&] { return known.run(known.client.read("a/")).has_value(); }));
}

}  // namespace
}  // namespace dtmd::participant
