#include "config/keys.h"
#include "config/names.h"
#include "unit/config/loading.h"

namespace dtmd::config {
namespace {

void expect_same(const Config& left, const Config& right) {
    for (const Key& key : keys()) EXPECT_EQ(text_of(key, left), text_of(key, right)) << key.path;
    EXPECT_EQ(left.is_docker, right.is_docker);
}

TEST(Load, GivesTheDefaultsForNothing) {
    for (const char* const text :
         {"", "\n\n", "# a comment\n", "---\n", "--- \n...\n", "{}", "~", "null\n", "\xEF\xBB\xBF"}) {
        SCOPED_TRACE(text);
        const Loaded result = loaded(text);
        expect_same(result.config, Config());
        EXPECT_TRUE(result.warnings.empty());
        EXPECT_TRUE(result.notes.empty());
    }
    const auto without_file = load("", {});
    ASSERT_TRUE(without_file);
    expect_same(without_file->config, Config());
}

TEST(Load, ReadsAFileOfDtm) {
    const Config config = loaded(R"(
Store:
  Driver: 'boltdb'
  DataExpire: 3600
TimeoutToFail: 40
RetryInterval: 12
RequestTimeout: 5   # seconds
HttpPort: 8080
LogLevel: 'debug'
Log:
  Outputs: 'stderr,/var/log/dtm.log'
  RotationEnable: 1
  RotationConfigJSON: '{"maxsize": 10}'
TimeZoneOffset: '+8'
AlertRetryLimit: 5
AlertWebHook: "http://alerts.example/hook"
AdminBasePath: /dtm
)")
                              .config;
    EXPECT_EQ(config.store.driver, "rocksdb");
    EXPECT_EQ(config.store.data_expire, 3600);
    EXPECT_EQ(config.timeout_to_fail, 40);
    EXPECT_EQ(config.retry_interval, 12);
    EXPECT_EQ(config.request_timeout, 5);
    EXPECT_EQ(config.http_port, 8080);
    EXPECT_EQ(config.log_level, "debug");
    EXPECT_EQ(config.log.outputs, "stderr,/var/log/dtm.log");
    EXPECT_EQ(config.log.rotation_enable, 1);
    EXPECT_EQ(config.log.rotation_config_json, R"({"maxsize": 10})");
    EXPECT_EQ(config.time_zone_offset, "+8");
    EXPECT_EQ(config.alert_retry_limit, 5);
    EXPECT_EQ(config.alert_web_hook, "http://alerts.example/hook");
    EXPECT_EQ(config.admin_base_path, "/dtm");
}

// A value for each key that differs from its default and is in its range.
std::string another_value(const Key& key) {
    if (key.path == "Store.Driver") return "boltdb";
    if (key.path == "TimeZoneOffset") return "+8";
    if (key.path == "AlertWebHook") return "http://hook.example/x";
    if (key.path == "AdminBasePath") return "/base";
    Config config;
    for (const std::string_view choice : split(key.one_of, '|')) {
        if (!key.one_of.empty() && choice != text_of(key, config)) return std::string(choice);
    }
    const Slot slot = key.slot(config);
    if (std::holds_alternative<bool*>(slot)) return *std::get<bool*>(slot) ? "false" : "true";
    if (!std::holds_alternative<std::int64_t*>(slot)) return "other-text";
    const std::int64_t now = *std::get<std::int64_t*>(slot);
    return std::to_string(now < key.most ? now + 1 : key.least);
}

std::string read_back(const Key& key) { return key.path == "Store.Driver" ? "rocksdb" : another_value(key); }

TEST(Load, ReadsEachKeyFromTheFile) {
    for (const Key& key : keys()) {
        SCOPED_TRACE(key.path);
        const auto dot = key.path.find('.');
        const std::string path(key.path);
        const std::string text = dot == key.path.npos
                                     ? path + ": " + another_value(key)
                                     : path.substr(0, dot) + ":\n  " + path.substr(dot + 1) + ": " + another_value(key);
        Config config = loaded(text).config;
        EXPECT_EQ(text_of(key, config), read_back(key));
        // And changes nothing else.
        EXPECT_EQ(assign(key, config, text_of(key, Config())), "");
        expect_same(config, Config());
    }
}

TEST(Load, ReadsEachKeyFromTheEnvironment) {
    for (const Key& key : keys()) {
        SCOPED_TRACE(key.path);
        const Config config = loaded("", {{environment_name(key.path), another_value(key)}}).config;
        EXPECT_EQ(text_of(key, config), read_back(key));
    }
}

TEST(Load, LetsTheFileWin) {
    const Environment environment{
        {"HTTP_PORT", "1111"}, {"RETRY_INTERVAL", "22"}, {"STORE_PATH", "/env"}, {"REQUEST_TIMEOUT", ""}};
    const Config config = loaded("HttpPort: 3333\nStore: {Path: }\n", environment).config;
    EXPECT_EQ(config.http_port, 3333);
    EXPECT_EQ(config.retry_interval, 22);
    EXPECT_EQ(config.store.path, "/env") << "a key without a value does not count";
    EXPECT_EQ(config.request_timeout, 3) << "an empty variable does not count";
}

TEST(Load, LeavesAKeyWithoutAValueAsItIs) {
    for (const char* const text : {"HttpPort:\n", "HttpPort: ~\n", "HttpPort: null\n", "Store:\n", "Store: ~\n"}) {
        SCOPED_TRACE(text);
        expect_same(loaded(text).config, Config());
    }
    EXPECT_EQ(loaded("Log:\n  Outputs: \"\"\n").config.log.outputs, "") << "an empty text is a value";
}

TEST(Load, ReadsValuesAsPeopleWriteThem) {
    const struct {
        const char *text, *path, *expected;
    } cases[] = {
        {"HttpPort: '80'", "HttpPort", "80"},
        {"HttpPort:    80   # the web's", "HttpPort", "80"},
        {"{HttpPort: 80}", "HttpPort", "80"},
        {"\"HttpPort\": 80", "HttpPort", "80"},
        {"HttpPort: 80\r\nHost: here\r\n", "Host", "here"},
        {"HttpPort: 0", "HttpPort", "0"},
        {"Compat: {SafeResubmit: true}", "Compat.SafeResubmit", "true"},
        {"Compat: {SafeResubmit: 1}", "Compat.SafeResubmit", "true"},
        {"Compat: {SafeResubmit: \"True\"}", "Compat.SafeResubmit", "true"},
        {"Compat: {SafeResubmit: on}", "Compat.SafeResubmit", "true"},
        {"Compat: {EmptyQueryPrepared: 0}", "Compat.EmptyQueryPrepared", "false"},
        {"Compat: {EmptyQueryPrepared: FALSE}", "Compat.EmptyQueryPrepared", "false"},
        {"Compat: {EmptyQueryPrepared: no}", "Compat.EmptyQueryPrepared", "false"},
        {"LogLevel: WARN", "LogLevel", "warn"},
        {"LogLevel: warning", "LogLevel", "warn"},
        {"LogLevel: fatal", "LogLevel", "error"},
        {"Log: {Format: JSON}", "Log.Format", "json"},
        {"TimeZoneOffset: +8", "TimeZoneOffset", "+8"},
        {"TimeZoneOffset: -11", "TimeZoneOffset", "-11"},
        {"TimeZoneOffset: 8", "TimeZoneOffset", "8"},
        {"RetryInterval: 1\nTimeoutToFail: 1", "RetryInterval", "1"},
        {"Host: &a h\nAdminBasePath: /x", "Host", "h"},
        {"Host: &a h\nStore: {Path: *a}", "Store.Path", "h"},
        {"Store:\n  Password: 'null'", "Store.Password", "null"},
        {"Store:\n  Password: 'p\"w: #1'", "Store.Password", "p\"w: #1"},
    };
    for (const auto& [text, path, expected] : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(text_of(*find_key(path), loaded(text).config), expected);
    }
}

TEST(Load, TakesNumbersUpToTheirLimits) {
    for (const Key& key : keys()) {
        Config config;
        if (!std::holds_alternative<std::int64_t*>(key.slot(config))) continue;
        SCOPED_TRACE(key.path);
        ASSERT_LT(key.least, key.most);
        for (const std::int64_t value : {key.least, key.most})
            EXPECT_EQ(assign(key, config, std::to_string(value)), "");
        for (const std::int64_t value : {key.least - 1, key.most + 1})
            EXPECT_NE(assign(key, config, std::to_string(value)), "");
        EXPECT_EQ(text_of(key, config), std::to_string(key.most)) << "a wrong value changes nothing";
        EXPECT_EQ(assign(key, config, text_of(key, Config())), "") << "the default is in its own range";
    }
}

TEST(Load, NoticesDocker) {
    EXPECT_TRUE(loaded("", {{"IS_DOCKER", "1"}}).config.is_docker);
    EXPECT_FALSE(loaded("", {{"IS_DOCKER", ""}}).config.is_docker);
}

TEST(Load, ReadsTheProcessesEnvironment) {
    ASSERT_EQ(setenv("DTMD_TEST_VARIABLE", "a=b c", 1), 0);
    const Environment environment = process_environment();
    unsetenv("DTMD_TEST_VARIABLE");
    ASSERT_TRUE(environment.contains("DTMD_TEST_VARIABLE"));
    EXPECT_EQ(environment.at("DTMD_TEST_VARIABLE"), "a=b c");
}

}  // namespace
}  // namespace dtmd::config
