#include "config/names.h"

#include "config/keys.h"

#include <gtest/gtest.h>

#include <set>

namespace dtmd::config {
namespace {

TEST(Names, FollowDtmIntoTheEnvironment) {
    const struct {
        const char *path, *name;
    } cases[] = {
        {"Store.Host", "STORE_HOST"},
        {"Store.MaxOpenConns", "STORE_MAX_OPEN_CONNS"},
        {"Store.ConnMaxLifeTime", "STORE_CONN_MAX_LIFE_TIME"},
        {"Store.MemoryMB", "STORE_MEMORY_MB"},
        {"MicroService.EndPoint", "MICRO_SERVICE_END_POINT"},
        {"HttpMicroService.RegistryType", "HTTP_MICRO_SERVICE_REGISTRY_TYPE"},
        {"Log.RotationConfigJSON", "LOG_ROTATION_CONFIG_JSON"},
        {"HttpPort", "HTTP_PORT"},
        {"JsonRpcPort", "JSON_RPC_PORT"},
        {"AlertWebHook", "ALERT_WEB_HOOK"},
        {"UpdateBranchAsyncGoroutineNum", "UPDATE_BRANCH_ASYNC_GOROUTINE_NUM"},
        {"TransCronInterval", "TRANS_CRON_INTERVAL"},
        {"Host", "DTMD_HOST"},
    };
    for (const auto& [path, name] : cases) {
        EXPECT_NE(find_key(path), nullptr) << path;
        EXPECT_EQ(environment_name(path), name);
    }
}

TEST(Names, AreUnique) {
    std::set<std::string> paths, variables;
    for (const Key& key : keys()) {
        EXPECT_TRUE(paths.insert(lower(key.path)).second) << key.path;
        EXPECT_TRUE(variables.insert(environment_name(key.path)).second) << key.path;
        EXPECT_FALSE(key.help.empty()) << key.path;
    }
}

TEST(Names, ResolveExactlyFirst) {
    using Kind = Resolved::Kind;
    EXPECT_EQ(resolve("HttpPort").kind, Kind::key);
    EXPECT_EQ(resolve("Store").kind, Kind::section);
    EXPECT_EQ(resolve("Store.Dsn").kind, Kind::alias);
    EXPECT_EQ(resolve("STORE.type").path, "Store.Type");
    EXPECT_EQ(resolve("httpport").path, "HttpPort");
    EXPECT_EQ(resolve("Nothing").kind, Kind::unknown);
    EXPECT_EQ(resolve("").kind, Kind::unknown);
    EXPECT_EQ(resolve(".").kind, Kind::unknown);
}

TEST(Nearest, FindsMisspellingsOnly) {
    const std::vector<std::string_view> words{"Store", "HttpPort", "GrpcPort", "TimeoutToFail"};
    const struct {
        const char *word, *expected;
    } cases[] = {{"Sotre", "Store"},       {"store", "Store"},
                 {"Stores", "Store"},      {"HtpPort", "HttpPort"},
                 {"GrcpPort", "GrpcPort"}, {"TimeOutFail", "TimeoutToFail"},
                 {"Banana", ""},           {"", ""}};
    for (const auto& [word, expected] : cases) EXPECT_EQ(nearest(word, words), expected) << word;
    EXPECT_EQ(nearest("Store", {}), "");
    EXPECT_EQ(nearest(std::string(1'000'000, 'S'), words), "") << "and quickly";
}

TEST(Split, KeepsEmptyParts) {
    using Parts = std::vector<std::string_view>;
    EXPECT_EQ(split("a|b||c", '|'), (Parts{"a", "b", "", "c"}));
    EXPECT_EQ(split("", '|'), Parts{""});
}

}  // namespace
}  // namespace dtmd::config
