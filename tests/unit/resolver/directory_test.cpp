#include "participant/resolver/directory.h"
#include "unit/resolver/dns_server.h"
#include "unit/resolver/etcd_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace dtmd::participant {
namespace {

using namespace std::chrono_literals;
using test::DnsServer;
using test::EtcdServer;
using testing::HasSubstr;

/// A directory on a thread of its own, and what it last said about each service.
class Running {
public:
    explicit Running(DirectoryOptions options = {}) : directory_(make_directory(loop_, std::move(options))) {}
    ~Running() {
        loop_.stop();
        thread_.join();
        directory_.reset();
    }

    Directory::Token follow(ServiceName name) {
        return directory_->follow(std::move(name), loop_, [this](Found found) {
            const std::lock_guard lock(mutex_);
            last_ = std::move(found);
            ++told_;
            changed_.notify_all();
        });
    }
    void unfollow(Directory::Token token) { directory_->unfollow(token); }

    /// Whether it comes to say this: "a:1,b:1", or "a:1 !" with an error.
    bool says(const std::string& text) {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, 30s, [&] { return told_ > 0 && shown() == text; });
        EXPECT_TRUE(came) << "it says: " << shown() << ", expected: " << text;
        return came;
    }
    std::string error() {
        const std::lock_guard lock(mutex_);
        return last_.error;
    }
    int told() {
        const std::lock_guard lock(mutex_);
        return told_;
    }

private:
    std::string shown() const {
        std::string text;
        for (const Instance& instance : last_.instances) text.append(text.empty() ? "" : ",").append(instance.address);
        return last_.error.empty() ? text : text + " !";
    }

    net::AsioLoop loop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Found last_;
    int told_ = 0;
    std::unique_ptr<Directory> directory_;
    std::thread thread_{[this] { loop_.run(); }};
};

ServiceName in_etcd(const std::string& members, Layout layout = Layout::go_zero) {
    return {"etcd", members, "order", layout};
}

TEST(Directory, FollowsAServiceInEtcd) {
    EtcdServer server;
    server.put("order/1", "a:1");
    Running running;
    running.follow(in_etcd(server.address()));
    EXPECT_TRUE(running.says("a:1"));
    server.put("order/2", "b:1");
    EXPECT_TRUE(running.says("a:1,b:1"));
    server.put("orders/1", "x:1");
    server.put("order/1", "c:1");
    EXPECT_TRUE(running.says("b:1,c:1"));
    server.remove("order/2");
    EXPECT_TRUE(running.says("c:1"));
    server.remove("order/1");
    EXPECT_TRUE(running.says(""));
}

TEST(Directory, ReadsTheOtherLayouts) {
    EtcdServer server;
    server.put("/services/order/a:1", "");
    server.put("/microservices/order/x", R"({"endpoints":["grpc://k:1","http://k:2"]})");
    Running plain, kratos;
    plain.follow(in_etcd(server.address(), Layout::plain));
    EXPECT_TRUE(plain.says("a:1"));
    kratos.follow(in_etcd(server.address(), Layout::kratos));
    EXPECT_TRUE(kratos.says("k:1,k:2"));
}

TEST(Directory, SeesALeaseRunOut) {
    EtcdServer server;
    const std::string granted = server.ctl({"lease", "grant", "2"});
    const auto start = std::string("lease ").size();
    const std::string lease = granted.substr(start, granted.find(' ', start) - start);
    server.ctl({"put", "order/1", "a:1", "--lease", lease});
    Running running;
    running.follow(in_etcd(server.address()));
    EXPECT_TRUE(running.says("a:1"));
    EXPECT_TRUE(running.says(""));
}

TEST(Directory, KeepsTheLastInstancesWhileEtcdIsDown) {
    EtcdServer server;
    server.put("order/1", "a:1");
    Running running;
    running.follow(in_etcd(server.address()));
    EXPECT_TRUE(running.says("a:1"));
    server.kill();
    EXPECT_TRUE(running.says("a:1 !"));
    EXPECT_THAT(running.error(), HasSubstr("etcd can't be asked; 127.0.0.1:"));
    server.start();
    EXPECT_TRUE(running.says("a:1"));
    server.put("order/2", "b:1");
    EXPECT_TRUE(running.says("a:1,b:1"));
}

// A registry that answers is right, also when it has forgotten everything.
TEST(Directory, BelievesAnEtcdThatLostItsData) {
    EtcdServer server;
    for (int i = 0; i < 5; ++i) server.put("order/1", "a:" + std::to_string(i + 1));
    Running running;
    running.follow(in_etcd(server.address()));
    EXPECT_TRUE(running.says("a:5"));
    server.kill();
    server.lose_data();
    server.start();
    EXPECT_TRUE(running.says(""));
    server.put("order/1", "b:1");
    EXPECT_TRUE(running.says("b:1"));
}

TEST(Directory, WaitsForAnEtcdThatIsNotUpYet) {
    EtcdServer server;
    server.kill();
    Running running;
    running.follow(in_etcd(server.address()));
    EXPECT_TRUE(running.says(" !"));
    server.start();
    server.wait_until_up();
    server.put("order/1", "a:1");
    EXPECT_TRUE(running.says("a:1"));
}

TEST(Directory, LeavesAMemberThatIsStuck) {
    const auto cluster = EtcdServer::cluster_of_three();
    cluster[0]->put("order/1", "a:1");
    Running running;
    running.follow(in_etcd(cluster[0]->address() + "," + cluster[1]->address() + "," + cluster[2]->address()));
    EXPECT_TRUE(running.says("a:1"));
    cluster[0]->pause();
    EXPECT_TRUE(test::eventually([&] { return cluster[1]->ctl({"put", "order/2", "b:1"}) == "OK\n"; }));
    EXPECT_TRUE(running.says("a:1,b:1"));
    cluster[0]->resume();
}

TEST(Directory, LooksOnceForAllWhoAsk) {
    EtcdServer server;
    server.put("order/1", "a:1");
    Running running;
    const auto first = running.follow(in_etcd(server.address()));
    EXPECT_TRUE(running.says("a:1"));
    running.follow(in_etcd(server.address()));
    EXPECT_TRUE(test::eventually([&] { return running.told() == 2; })) << "the second one is told what is known";
    running.unfollow(first);
    server.put("order/2", "b:1");
    EXPECT_TRUE(running.says("a:1,b:1"));
    EXPECT_EQ(running.told(), 3);
}

TEST(Directory, KnowsTheRegistryOfTheSettings) {
    EtcdServer server;
    server.put("order/1", "a:1");
    DirectoryOptions options;
    options.etcd = server.address();
    Running running(options);
    running.follow({"discovery", "", "order", Layout::go_zero});
    EXPECT_TRUE(running.says("a:1"));
    Running lost;
    lost.follow({"discovery", "", "order", Layout::go_zero});
    EXPECT_TRUE(lost.says(" !"));
    EXPECT_THAT(lost.error(), HasSubstr("names no registry"));
}

TEST(Directory, ReadsLists) {
    DirectoryOptions options;
    options.lists = {{"order", "a:1, b:1"}};
    Running named(options), written, wrong;
    named.follow({"static", "", "order", Layout::plain});
    EXPECT_TRUE(named.says("a:1,b:1"));
    written.follow({"static", "", "c:1,d:1,c:1", Layout::plain});
    EXPECT_TRUE(written.says("c:1,d:1"));
    wrong.follow({"static", "", "stock", Layout::plain});
    EXPECT_TRUE(wrong.says(" !"));
    EXPECT_THAT(wrong.error(), HasSubstr("'stock' is neither a list"));
}

TEST(Directory, LooksNamesUp) {
    Running numeric, unknown, wrong;
    numeric.follow({"dns", "", "127.0.0.1:80", Layout::plain});
    EXPECT_TRUE(numeric.says("127.0.0.1:80"));
    wrong.follow({"dns", "", "localhost", Layout::plain});
    EXPECT_TRUE(wrong.says(" !"));
    EXPECT_THAT(wrong.error(), HasSubstr("expected dns://host:port/path"));
    unknown.follow({"dns", "", "no-such-host.invalid:80", Layout::plain});
    EXPECT_TRUE(test::eventually([&] { return unknown.told() > 0; }));
}

TEST(Directory, FollowsSrvRecords) {
    DnsServer dns;
    dns.set({{1, 1, 8001, "a.example"}});
    Running running;
    running.follow({"srv", dns.address(), "_http._tcp.order", Layout::plain});
    EXPECT_TRUE(running.says("a.example:8001"));
    dns.set({{1, 1, 8001, "a.example"}, {1, 1, 8002, "b.example"}});
    EXPECT_TRUE(running.says("a.example:8001,b.example:8002"));
    dns.set_code(2);
    EXPECT_TRUE(running.says("a.example:8001,b.example:8002 !"));
}

}  // namespace
}  // namespace dtmd::participant
