#include "participant/resolver/resolving_participant.h"
#include "support/virtual_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace dtmd::participant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Tells what the test says.
class FakeDirectory final : public Directory {
public:
    std::vector<std::pair<ServiceName, Listener>> followed;
    std::vector<Token> unfollowed;

    Token follow(ServiceName name, Loop&, Listener listener) override {
        followed.emplace_back(std::move(name), std::move(listener));
        return followed.size();
    }
    void unfollow(Token token) override { unfollowed.push_back(token); }

    void tell(std::string_view list, std::string error = {}) {
        followed.back().second(Found{parse_instances(list), std::move(error)});
    }
};

/// Answers each address as `dead` says; holds calls back while `holds`.
struct Network {
    std::vector<std::string> calls;  ///< "protocol url"
    std::vector<std::string> dead;
    Millis takes{1};
    std::vector<Millis> timeouts;
};

class FakeParticipant final : public Participant {
public:
    FakeParticipant(Loop& loop, Network& network) : loop_(loop), network_(network) {}

    void call(Call call, absl::AnyInvocable<void(Reply)> done) override {
        network_.calls.push_back(std::string(call.protocol) + " " + call.url);
        network_.timeouts.push_back(call.timeout);
        Reply reply;
        reply.answer = txn::Answer::success;
        for (const std::string& address : network_.dead) {
            if (call.url.find(address) == std::string::npos) continue;
            reply.answer = txn::Answer::unknown;
            reply.reached = false;
            reply.text = address + " is dead";
        }
        loop_.after(network_.takes, [done = std::move(done), reply]() mutable { done(reply); });
    }

private:
    Loop& loop_;
    Network& network_;
};

struct World {
    dtmd::testing::VirtualLoop loop;
    FakeDirectory directory;
    Network network;
    ResolvingOptions options{
        .http_layout = Layout::plain, .grpc_layout = Layout::go_zero, .idle_timeout = Millis(5'000)};
    std::unique_ptr<Participant> participant =
        make_resolving_participant(loop, directory, std::make_unique<FakeParticipant>(loop, network), options);
    std::vector<Reply> replies;

    void start(std::string url, std::string protocol = "http", Millis timeout = Millis(3'000)) {
        Call call;
        call.url = std::move(url);
        call.protocol = protocol;
        call.trans_type = "saga";
        call.timeout = timeout;
        participant->call(std::move(call), [this](Reply reply) { replies.push_back(std::move(reply)); });
    }
    Reply call(std::string url, std::string protocol = "http") {
        replies.clear();
        start(std::move(url), std::move(protocol));
        loop.run_for(Millis(1'000));
        EXPECT_EQ(replies.size(), 1u);
        return replies.empty() ? Reply() : replies.back();
    }
};

TEST(Resolving, LeavesOtherAddressesAsTheyAre) {
    World world;
    world.call("http://h:1/a");
    world.call("h:1/p.S/M", "grpc");
    EXPECT_THAT(world.network.calls, ElementsAre("http http://h:1/a", "grpc h:1/p.S/M"));
    EXPECT_THAT(world.directory.followed, IsEmpty());
}

TEST(Resolving, GoesByTheTable) {
    const struct {
        const char *url, *protocol, *instances, *called;
    } rows[] = {
        {"etcd://e:1/order/pay?x=1", "http", "h:80", "http http://h:80/pay?x=1"},
        {"etcd://e:1/order/pay", "http", "https://h:443", "http https://h:443/pay"},
        {"https+etcd://e:1/order/pay", "http", "h:443", "http https://h:443/pay"},
        {"etcd://e:1/order", "http", "h:80", "http http://h:80"},
        {"etcd://e:1/order/p.S/M", "grpc", "h:90", "grpc h:90/p.S/M"},
        {"discov://e:1/order/p.S/M", "grpc", "grpc://h:90", "grpc h:90/p.S/M"},
        {"discovery:///order/p.S/M", "grpc", "http://h:80,grpc://h:90", "grpc h:90/p.S/M"},
        {"etcd://e:1/order/p.S/M", "grpc", "grpcs://h:90", "grpc grpcs://h:90/p.S/M"},
        {"grpcs+etcd://e:1/order/p.S/M", "grpc", "h:90", "grpc grpcs://h:90/p.S/M"},
        {"http+etcd://e:1/order/pay", "grpc", "h:80", "grpc http://h:80/pay"},
        {"grpc+etcd://e:1/order/p.S/M", "http", "h:90", "grpc h:90/p.S/M"},
        {"etcd://e:1/order/rpc?method=pay", "json-rpc", "h:80", "json-rpc http://h:80/rpc?method=pay"},
        {"etcd://e:1/order/p.S/M", "json-rpc", "h:90", "grpc h:90/p.S/M"},
        {"static://h:80/pay", "http", "h:80", "http http://h:80/pay"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.url);
        World world;
        world.start(row.url, row.protocol);
        ASSERT_EQ(world.directory.followed.size(), 1u);
        world.directory.tell(row.instances);
        world.loop.run_for(Millis(10));
        EXPECT_THAT(world.network.calls, ElementsAre(row.called));
        ASSERT_EQ(world.replies.size(), 1u);
        EXPECT_EQ(world.replies.front().answer, txn::Answer::success);
    }
}

TEST(Resolving, AsksForTheServiceInItsLayout) {
    World world;
    world.start("etcd://e:1,e:2/order/pay");
    world.start("etcd:///order.rpc/p.S/M", "grpc");
    const ServiceName http{"etcd", "e:1,e:2", "order", Layout::plain}, grpc{"etcd", "", "order.rpc", Layout::go_zero};
    EXPECT_EQ(world.directory.followed.at(0).first, http);
    EXPECT_EQ(world.directory.followed.at(1).first, grpc);
}

TEST(Resolving, GoesInTurn) {
    World world;
    world.start("etcd://e:1/order/a");
    world.directory.tell("x:1,y:1");
    world.loop.run_for(Millis(10));
    for (int i = 0; i < 3; ++i) world.call("etcd://e:1/order/a");
    EXPECT_THAT(world.network.calls,
                ElementsAre("http http://x:1/a", "http http://y:1/a", "http http://x:1/a", "http http://y:1/a"));
}

TEST(Resolving, GoesToAnotherInstanceWhenOneCannotBeReached) {
    World world;
    world.network.dead = {"x:1"};
    world.start("etcd://e:1/order/a");
    world.directory.tell("x:1,y:1");
    world.loop.run_for(Millis(10));
    EXPECT_THAT(world.network.calls, ElementsAre("http http://x:1/a", "http http://y:1/a"));
    EXPECT_EQ(world.replies.at(0).answer, txn::Answer::success);
    EXPECT_EQ(world.network.timeouts.at(1), Millis(2'999)) << "what is left of the call's time";
    world.start("etcd://e:1/order/a");
    world.loop.run_for(Millis(10));
    EXPECT_EQ(world.network.calls.back(), "http http://y:1/a") << "the dead one is left alone";
}

TEST(Resolving, GoesNowhereElseWhenLittleTimeIsLeft) {
    World world;
    world.network.dead = {"x:1"};
    world.network.takes = Millis(2'000);
    world.start("etcd://e:1/order/a");
    world.directory.tell("x:1,y:1");
    world.loop.run_for(Millis(4'000));
    EXPECT_EQ(world.network.calls.size(), 1u);
    EXPECT_EQ(world.replies.at(0).text, "x:1 is dead");
    EXPECT_FALSE(world.replies.at(0).reached);
    EXPECT_EQ(world.replies.at(0).took, std::chrono::seconds(2));
}

TEST(Resolving, GivesUpAfterThreeInstances) {
    World world;
    world.network.dead = {":1"};
    world.start("etcd://e:1/order/a");
    world.directory.tell("a:1,b:1,c:1,d:1");
    world.loop.run_for(Millis(100));
    EXPECT_EQ(world.network.calls.size(), 3u);
    EXPECT_EQ(world.replies.size(), 1u);
}

TEST(Resolving, AnswersUnknownWhenThereIsNoInstance) {
    World world;
    world.start("etcd://e:1/order/a");
    EXPECT_THAT(world.replies, IsEmpty());
    world.directory.tell("");
    world.loop.run_for(Millis(10));
    ASSERT_EQ(world.replies.size(), 1u);
    EXPECT_EQ(world.replies.front().answer, txn::Answer::unknown);
    EXPECT_FALSE(world.replies.front().reached);
    EXPECT_THAT(world.replies.front().text, HasSubstr("etcd://e:1/order: no instance of the service can be called: it "
                                                      "has no instances in its registry"));
    world.directory.tell("grpc://h:1");
    EXPECT_THAT(world.call("etcd://e:1/order/a").text, HasSubstr("none of its instances can be called this way"));
    world.directory.tell("", "etcd can't be asked; e:1: cannot connect");
    EXPECT_THAT(world.call("etcd://e:1/order/a").text, HasSubstr("etcd can't be asked; e:1: cannot connect"));
    EXPECT_THAT(world.network.calls, IsEmpty());
    world.directory.tell("h:1");
    EXPECT_EQ(world.call("etcd://e:1/order/a").answer, txn::Answer::success);
}

TEST(Resolving, GoesOnWithTheLastKnownInstancesWhileTheRegistryIsDown) {
    World world;
    world.start("etcd://e:1/order/a");
    world.directory.tell("h:1", "etcd can't be asked");
    world.loop.run_for(Millis(10));
    EXPECT_EQ(world.replies.at(0).answer, txn::Answer::success);
}

TEST(Resolving, WaitsForTheRegistryAsLongAsTheCallLasts) {
    World world;
    world.start("etcd://e:1/order/a");
    world.loop.run_for(Millis(2'999));
    EXPECT_THAT(world.replies, IsEmpty());
    world.loop.run_for(Millis(1));
    ASSERT_EQ(world.replies.size(), 1u);
    EXPECT_THAT(world.replies.front().text, HasSubstr("its registry has not answered yet"));
    world.directory.tell("h:1");
    world.loop.run_for(Millis(10'000));
    EXPECT_EQ(world.replies.size(), 1u);
    EXPECT_THAT(world.network.calls, IsEmpty());
}

TEST(Resolving, FollowsAServiceOnceAndForgetsItWhenIdle) {
    World world;
    world.start("etcd://e:1/order/a");
    world.directory.tell("h:1");
    world.loop.run_for(Millis(4'000));
    world.start("etcd://e:1/order/b");
    world.loop.run_for(Millis(4'000));
    EXPECT_EQ(world.directory.followed.size(), 1u);
    EXPECT_THAT(world.directory.unfollowed, IsEmpty());
    world.loop.run_for(Millis(20'000));
    EXPECT_THAT(world.directory.unfollowed, ElementsAre(1u));
    world.start("etcd://e:1/order/a");
    EXPECT_EQ(world.directory.followed.size(), 2u);
}

TEST(Resolving, FollowsABoundedNumberOfServices) {
    World world;
    for (int i = 0; i < 10'000; ++i) world.start("etcd://e:1/order" + std::to_string(i) + "/a");
    EXPECT_EQ(world.directory.followed.size(), 10'000u);
    world.start("etcd://e:1/one-more/a");
    world.start("etcd://e:1/order0/a");
    world.loop.run_for(Millis(0));
    EXPECT_EQ(world.directory.followed.size(), 10'000u);
    ASSERT_EQ(world.replies.size(), 1u);
    EXPECT_THAT(world.replies.front().text, HasSubstr("etcd://e:1/one-more: too many services"));
}

TEST(Resolving, DropsWhatIsOpenWhenItGoes) {
    World world;
    world.start("etcd://e:1/order/a");
    world.participant.reset();
    world.directory.tell("h:1");
    world.loop.run_for(Millis(10'000));
    EXPECT_THAT(world.replies, IsEmpty());
    EXPECT_THAT(world.network.calls, IsEmpty());
}

}  // namespace
}  // namespace dtmd::participant
