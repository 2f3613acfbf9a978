#include "participant/resolver/instance.h"

#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

TEST(Instance, IsReadByTheTable) {
    const struct {
        const char *text, *scheme, *address;
    } rows[] = {
        {"10.0.0.1:80", "", "10.0.0.1:80"},
        {" host-1.local:8080 ", "", "host-1.local:8080"},
        {"[::1]:80", "", "[::1]:80"},
        {"http://h:80", "http", "h:80"},
        {"https://h:443/base?x=1", "https", "h:443"},
        {"grpc://h:9000?isSecure=false", "grpc", "h:9000"},
        {"grpc://h:9000?isSecure=true", "grpcs", "h:9000"},
        {"grpcs://h:65535", "grpcs", "h:65535"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.text);
        const auto instance = parse_instance(row.text);
        ASSERT_TRUE(instance);
        EXPECT_EQ(instance->scheme, row.scheme);
        EXPECT_EQ(instance->address, row.address);
    }
}

// Whoever can write into a registry can't write into requests.
TEST(Instance, IsNothingElse) {
    for (const char* text : {"", "h", "h:", ":80", "h:0", "h:65536", "h:80a", "h:-1", "::1:80", "[::1]", "[::1:80",
                             "a b:80", "user@h:80", "h\r\nX: y:80", "tcp://h:80", "h:80:80", "http://", "h%2F:80"}) {
        EXPECT_FALSE(parse_instance(text)) << text;
    }
}

TEST(Instance, SpeaksWhatItsSchemeSays) {
    EXPECT_TRUE(parse_instance("h:1")->speaks(Wire::http));
    EXPECT_TRUE(parse_instance("h:1")->speaks(Wire::grpc));
    EXPECT_TRUE(parse_instance("https://h:1")->speaks(Wire::http));
    EXPECT_FALSE(parse_instance("https://h:1")->speaks(Wire::grpc));
    EXPECT_TRUE(parse_instance("grpcs://h:1")->speaks(Wire::grpc));
    EXPECT_FALSE(parse_instance("grpc://h:1")->speaks(Wire::http));
}

TEST(Instance, ListsLeaveOutWhatIsNone) {
    EXPECT_EQ(parse_instances("a:1, b:2,nonsense,,http://c:3"),
              (Instances{{"a:1", "", 0}, {"b:2", "", 0}, {"c:3", "http", 0}}));
    EXPECT_TRUE(parse_instances("").empty());
    EXPECT_TRUE(parse_instances("order").empty());
}

}  // namespace
}  // namespace dtmd::participant
