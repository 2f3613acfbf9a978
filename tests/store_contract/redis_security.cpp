#include "store_contract/redis_store.h"

#include <cstdlib>
#include <sstream>

// TLS, users and passwords.
namespace dtmd::store::test {
namespace {

class RedisSecurity : public testing::Test {
protected:
    void SetUp() override {
        const std::string commands[] = {
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test-ca -keyout "
            "ca.key "
            "-out ca.pem",
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=redis.test -keyout server.key -out "
            "server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem"};
        const std::string enter = "cd " + files.path() + " && ";
        ASSERT_EQ(std::system((enter + "echo subjectAltName=DNS:redis.test > names").c_str()), 0);
        for (const auto& command : commands) {
            ASSERT_EQ(std::system((enter + "openssl " + command + " 2>/dev/null").c_str()), 0) << command;
        }
        server = std::make_unique<RedisServer>(
            std::vector<std::string>{"--port", "0", "--tls-port", "PORT", "--tls-cert-file", files.file("server.pem"),
                                     "--tls-key-file", files.file("server.key"), "--tls-ca-cert-file",
                                     files.file("ca.pem"), "--tls-auth-clients", "no"},
            std::vector<std::string>{"--tls", "--insecure"});
        options = options_for(*server);
        options.tls = {.enabled = true, .ca_file = files.file("ca.pem"), .server_name = "redis.test"};
    }

    std::string why_down() const {
        const auto down = open_or_throw(options)()->ping();
        return down ? "" : down.error().what;
    }

    TempFolder files;
    std::unique_ptr<RedisServer> server;
    RedisOptions options;
};

TEST_F(RedisSecurity, WorksOverTls) {
    const auto backend = open_or_throw(options)();
    auto large = saga("g");
    large.branches[0].body = std::string(3 << 20, 'x');
    ASSERT_EQ(apply_one(*backend, insert(large)), Outcome::ok);
    EXPECT_EQ(load_one(*backend, "g"), large);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(apply_one(*backend, insert(saga(std::to_string(i)))), Outcome::ok);
}

TEST_F(RedisSecurity, RefusesACertificateForAnotherName) {
    options.tls.server_name = "other.test";
    EXPECT_NE(why_down().find("certificate"), std::string::npos) << why_down();
    options.tls.server_name = "";  // Then it must be for 127.0.0.1.
    EXPECT_NE(why_down().find("certificate"), std::string::npos) << why_down();
    options.tls.verify = false;
    EXPECT_EQ(why_down(), "");
}

TEST_F(RedisSecurity, RefusesACertificateOfAnUnknownAuthority) {
    options.tls.ca_file = "";
    EXPECT_NE(why_down().find("certificate"), std::string::npos) << why_down();
}

TEST_F(RedisSecurity, SaysSoWhenTlsMeetsAPlainServerAndTheOtherWayRound) {
    options.tls.enabled = false;
    EXPECT_NE(why_down(), "");
    const RedisServer plain;
    options = options_for(plain);
    options.timeout = std::chrono::milliseconds(500);
    options.tls = {.enabled = true, .verify = false};
    EXPECT_NE(why_down(), "");
}

TEST_F(RedisSecurity, NamesTheFileThatCannotBeRead) {
    options.tls.ca_file = "/nowhere/ca.pem";
    const auto opened = open_redis(options);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::invalid);
    EXPECT_NE(opened.error().what.find("/nowhere/ca.pem"), std::string::npos);
}

// The rules that docs/manual/store-redis.md gives.
TEST_F(RedisSecurity, WorksForAUserWithNoMoreRightsThanTheManualSays) {
    std::vector<std::string> words{"acl", "setuser", "dtmd", "on", ">secret"};
    std::istringstream rules(
        "~{a}_* +@read +@write +@scripting +@connection +time +wait -@dangerous +role +info +config|get");
    for (std::string rule; rules >> rule;) words.push_back(rule);
    ASSERT_EQ(server->cli(words), "OK");
    ASSERT_EQ(server->cli({"acl", "setuser", "default", "off"}), "OK");
    EXPECT_NE(why_down().find("password"), std::string::npos) << why_down();
    options.user = "dtmd";
    options.password = "wrong";
    EXPECT_NE(why_down().find("user and password"), std::string::npos) << why_down();
    options.password = "secret";
    const auto backend = open_or_throw(options)();
    ASSERT_TRUE(backend->ping()) << backend->ping().error().what;
    EXPECT_EQ(apply_one(*backend, insert(saga("g"))), Outcome::ok);
    EXPECT_EQ(load_one(*backend, "g"), saga("g"));
    EXPECT_EQ(backend->claim_due(at(1), at(5), 3)->transactions.size(), 1u);
    EXPECT_EQ(backend->list({}, "", 10)->transactions.size(), 1u);
    EXPECT_TRUE(backend->kv_scan("topics", "", 10));
    EXPECT_TRUE(backend->counts());
    EXPECT_TRUE(backend->expire(at(0), 10));
    EXPECT_TRUE(backend->clock());
    options.prefix = "{b}";
    EXPECT_NE(why_down().find("ACL"), std::string::npos) << why_down();
}

TEST(RedisOptionsCheck, NamesWhatIsWrong) {
    struct Row {
        RedisOptions options;
        std::string says;
    };
    const Row rows[] = {
        {{}, "no host"},
        {{.hosts = {"a:b:c"}}, "\"a:b:c\""},
        {{.hosts = {"a:70000"}}, "\"a:70000\""},
        {{.topology = RedisTopology::sentinel, .hosts = {"a"}}, "name of the primary"},
        {{.topology = RedisTopology::cluster, .hosts = {"a"}, .prefix = "plain"}, "braces"},
        {{.topology = RedisTopology::cluster, .hosts = {"a"}, .database = 1}, "database"},
        {{.hosts = {"a"}, .user = "u"}, "password"},
        {{.hosts = {"a"}, .prefix = ""}, "prefix"},
        {{.hosts = {"a"}, .tls = {.enabled = true, .cert_file = "only.pem"}}, "belong together"},
    };
    for (const auto& row : rows) {
        const auto opened = open_redis(row.options);
        ASSERT_FALSE(opened) << row.says;
        EXPECT_EQ(opened.error().code, Errc::invalid);
        EXPECT_NE(opened.error().what.find(row.says), std::string::npos) << opened.error().what;
    }
}

}  // namespace
}  // namespace dtmd::store::test
