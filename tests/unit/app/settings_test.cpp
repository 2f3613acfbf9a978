#include "app/settings.h"

#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

TEST(Settings, AreDtmsByDefault) {
    const config::Config config;
    const auto settings = engine_settings(config);
    EXPECT_EQ(settings.policy.timeout_to_fail, 35);
    EXPECT_EQ(settings.policy.retry_interval, 10);
    EXPECT_EQ(settings.request_timeout, Millis(3'000));
    EXPECT_FALSE(settings.lazy_branch_results);
    EXPECT_EQ(listener_options(config).port, 36789);
    EXPECT_EQ(api_options(config).version, "0.1.0");
    EXPECT_GE(shard_count(config), 1u);
}

TEST(Settings, FollowTheConfiguration) {
    config::Config config;
    config.update_branch_sync = 0;
    config.threads = 3;
    config.limits.max_body = 1234;
    config.limits.idle_timeout = 7;
    config.store.data_expire = 60;
    config.participants.tls_verify = false;
    config.is_docker = true;
    EXPECT_TRUE(engine_settings(config).lazy_branch_results);
    EXPECT_EQ(engine_settings(config).finished_kept, Millis(60'000));
    EXPECT_EQ(shard_count(config), 3u);
    EXPECT_EQ(listener_options(config).max_body, 1234u);
    EXPECT_EQ(listener_options(config).idle_timeout, Millis(7'000));
    EXPECT_FALSE(participant_options(config).verify_tls);
    EXPECT_TRUE(participant_options(config).docker);
}

TEST(Settings, ReadTheLogsOutputsAndRotation) {
    config::Config config;
    config.log_level = "warn";
    config.log.outputs = "stderr, /var/log/dtmd.log ,";
    config.log.format = "json";
    config.log.rotation_enable = 1;
    config.log.rotation_config_json = R"({"maxsize": 2, "maxbackups": 7, "compress": true})";
    const auto options = log_options(config);
    EXPECT_EQ(options.level, spdlog::level::warn);
    EXPECT_EQ(options.format, log::Format::json);
    EXPECT_EQ(options.outputs, (std::vector<std::string>{"stderr", "/var/log/dtmd.log"}));
    EXPECT_EQ(options.rotate_bytes, 2u << 20);
    EXPECT_EQ(options.rotate_files, 7u);

    config.log.rotation_config_json = "not JSON";
    EXPECT_EQ(log_options(config).rotate_bytes, 100u << 20);
    config.log.rotation_enable = 0;
    EXPECT_EQ(log_options(config).rotate_bytes, 0u);
}

TEST(Settings, TurnHoursEastIntoATimeZone) {
    EXPECT_EQ(time_zone(""), "");
    EXPECT_EQ(time_zone("+8"), "<+08>-08");
    EXPECT_EQ(time_zone("8"), "<+08>-08");
    EXPECT_EQ(time_zone("-3"), "<-03>+03");
    EXPECT_EQ(time_zone("+11"), "<+11>-11");
}

TEST(Settings, KnowWhichAddressesEverybodyCanReach) {
    EXPECT_TRUE(is_open_to_all(""));
    EXPECT_TRUE(is_open_to_all("0.0.0.0"));
    EXPECT_TRUE(is_open_to_all("::"));
    EXPECT_FALSE(is_open_to_all("127.0.0.1"));
}

TEST(Settings, WriteAlertsAsDtmDoes) {
    const engine::Alert alert{
        .gid = "g1", .status = "submitted", .branch_url = "http://b/x", .error = "no \"answer\"", .retry_count = 3};
    EXPECT_EQ(alert_json(alert),
              R"({"branch":"http://b/x","error":"no \"answer\"","gid":"g1","retry_count":3,"status":"submitted"})");
}

TEST(Settings, AlertOfBytesThatAreNoTextIsStillJson) {
    const engine::Alert alert{.gid = "g1", .status = "submitted", .branch_url = "u", .error = "\xff", .retry_count = 3};
    EXPECT_NE(alert_json(alert).find("\"gid\":\"g1\""), std::string::npos);
}

}  // namespace
}  // namespace dtmd::app
