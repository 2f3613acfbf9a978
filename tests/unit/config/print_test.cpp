#include "config/keys.h"
#include "unit/config/loading.h"

#include <gmock/gmock.h>

namespace dtmd::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Print, CanBeReadBack) {
    Config config;
    config.store.path = "a: b # 'c' \"d\"\n\te";
    config.store.max_idle_conns = 7;
    config.host = "null";
    config.time_zone_offset = "+8";
    config.admin_base_path = "/转账";
    config.participants.tls_verify = false;
    config.micro_service.target = "true";
    config.micro_service.end_point = "~";
    const Loaded result = loaded(to_yaml(config));
    for (const Key& key : keys()) EXPECT_EQ(text_of(key, result.config), text_of(key, config)) << key.path;
}

TEST(Print, ShowsEachKeyOnce) {
    const std::string text = to_yaml(Config());
    EXPECT_TRUE(text.ends_with("EmptyQueryPrepared: true\n")) << text;
    const Loaded result = loaded(text);  // Would complain of a key that is set twice.
    EXPECT_TRUE(result.warnings.empty());
}

TEST(Print, MasksPasswords) {
    Config config;
    config.store.password = "hush";
    config.http_micro_service.registry_options = R"({"Password":"hush"})";
    const std::string text = to_yaml(config);
    EXPECT_THAT(text, HasSubstr("Password: \"******\""));
    EXPECT_THAT(text, HasSubstr("RegistryOptions: \"******\""));
    EXPECT_THAT(text, Not(HasSubstr("hush")));
    EXPECT_THAT(to_yaml(Config()), HasSubstr("Password: \"\"")) << "that there is none may be seen";
}

TEST(Print, MasksWhatAddressesHide) {
    const struct {
        const char *url, *shown;
    } cases[] = {
        {"https://host/path", "https://host/path"},
        {"https://host:8080", "https://host:8080"},
        {"https://user:hush@host/path", "https://******@host/path"},
        {"https://user:hu@sh@host:1/path", "https://******@host:1/path"},
        {"https://hush@host", "https://******@host"},
        {"https://host/robot/send?access_token=hush", "https://host/robot/send?******"},
        {"https://host?access_token=hush", "https://host?******"},
        {"https://host/path#hush", "https://host/path#******"},
        {"https://host/path?to=a@b", "https://host/path?******"},
        {"https://hooks.example/services/T0000/B000/XhushXhushXhushXhushXhush",
         "https://hooks.example/services/T0000/B000/******"},
        {"user:hush@tcp(host:3306)/db", "******@tcp(host:3306)/db"},
    };
    for (const auto& [url, shown] : cases) {
        SCOPED_TRACE(url);
        Config config;
        config.alert_web_hook = url;
        const std::string text = to_yaml(config);
        EXPECT_THAT(text, Not(HasSubstr("hush")));
        EXPECT_THAT(text, testing::AnyOf(HasSubstr("AlertWebHook: " + std::string(shown) + "\n"),
                                         HasSubstr("AlertWebHook: \"" + std::string(shown) + "\"\n")));
    }
}

}  // namespace
}  // namespace dtmd::config
