#include "app/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

using participant::Layout;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::Config with_grpc(std::string driver, std::string target, std::string end_point = "h:36790") {
    config::Config config;
    config.micro_service = {std::move(driver), std::move(target), std::move(end_point)};
    return config;
}

config::Config with_http(std::string type, std::string address, std::string target, std::string end_point = "h:36789") {
    config::Config config;
    config.http_micro_service = {"etcd", std::move(type),   std::move(address),
                                 "{}",   std::move(target), std::move(end_point)};
    return config;
}

TEST(Discovery, IsSwitchedOffByDefault) {
    const auto discovery = read_discovery(config::Config());
    ASSERT_TRUE(discovery);
    EXPECT_THAT(discovery->places, IsEmpty());
    EXPECT_THAT(discovery->warnings, IsEmpty());
    EXPECT_EQ(discovery->resolving.http_layout, Layout::plain);
}

TEST(Discovery, RegistersGrpcAsDtmsFileSays) {
    const auto discovery = read_discovery(with_grpc("dtm-driver-gozero", "etcd://e1:1,e2/dtmservice"));
    ASSERT_TRUE(discovery);
    ASSERT_EQ(discovery->places.size(), 1u);
    const RegistryPlace& place = discovery->places.front();
    EXPECT_THAT(place.etcd.endpoints, ElementsAre("e1:1", "e2:2379"));
    EXPECT_EQ(place.layout, Layout::go_zero);
    EXPECT_EQ(place.service, "dtmservice");
    EXPECT_EQ(place.instance, (participant::Instance{"h:36790", "grpc", 0}));
    EXPECT_EQ(discovery->directory.etcd, "e1:1,e2") << "addresses without a registry mean this one";
    EXPECT_EQ(discovery->resolving.http_layout, Layout::go_zero) << "one driver counts for both";
}

TEST(Discovery, RegistersHttp) {
    auto config = with_http("etcd", "e:1", R"({"ServiceName":"dtmService","Weight":10})");
    config.http_micro_service.registry_options = R"({"UserName":"u","Password":"p","Services":{"order":"a:1,b:1"}})";
    const auto discovery = read_discovery(config);
    ASSERT_TRUE(discovery) << discovery.error().what;
    ASSERT_EQ(discovery->places.size(), 1u);
    EXPECT_EQ(discovery->places.front().service, "dtmService");
    EXPECT_EQ(discovery->places.front().instance, (participant::Instance{"h:36789", "http", 0}));
    EXPECT_EQ(discovery->places.front().etcd.user, "u");
    EXPECT_EQ(discovery->places.front().etcd.password, "p");
    EXPECT_EQ(discovery->directory.lists.at("order"), "a:1,b:1");
}

TEST(Discovery, WarnsOfRegistriesItDoesNotKnow) {
    for (const auto& config :
         {with_grpc("dtm-driver-polaris", "polaris://h/s"), with_grpc("dtm-driver-kratos", "consul://h:8500/s"),
          with_http("nacos", "h:8848", R"({"ServiceName":"s"})")}) {
        const auto discovery = read_discovery(config);
        ASSERT_TRUE(discovery);
        EXPECT_THAT(discovery->places, IsEmpty());
        EXPECT_THAT(discovery->warnings, ElementsAre(HasSubstr("registers with etcd only")));
    }
    auto off = with_grpc("etcd", "etcd://e:1/s");
    off.grpc_port = -1;
    EXPECT_THAT(read_discovery(off)->warnings, ElementsAre(HasSubstr("gRPC is switched off")));
}

TEST(Discovery, NamesTheSettingThatIsWrong) {
    const auto why = [](const config::Config& config) {
        const auto discovery = read_discovery(config);
        return discovery ? std::string("nothing") : discovery.error().what;
    };
    EXPECT_THAT(why(with_grpc("etcd", "etcd://e:1")), HasSubstr("MicroService.Target: expected etcd://"));
    EXPECT_THAT(why(with_grpc("etcd", "etcd:///s")), HasSubstr("MicroService.Target: expected etcd://"));
    EXPECT_THAT(why(with_grpc("etcd", "etcd://e:1/s", "")), HasSubstr("MicroService.EndPoint: expected"));
    EXPECT_THAT(why(with_http("etcd", "", "s")), HasSubstr("HttpMicroService.RegistryAddress: expected"));
    EXPECT_THAT(why(with_http("etcd", "e:1", "{}")), HasSubstr("HttpMicroService.Target: expected"));
    EXPECT_THAT(why(with_http("etcd", "e:1", "a/b")), HasSubstr("HttpMicroService.Target: expected"));
    EXPECT_THAT(why(with_http("etcd", "e:1", "s", "h")), HasSubstr("HttpMicroService.EndPoint: expected"));
    config::Config config;
    config.http_micro_service.registry_options = R"({"Password":"hush")";
    EXPECT_EQ(why(config), "HttpMicroService.RegistryOptions: expected a JSON object (its text is not shown)");
    config.http_micro_service.registry_options = R"({"Services":{"order":"nonsense"}})";
    EXPECT_THAT(why(config), HasSubstr("Services.order: expected"));
}

}  // namespace
}  // namespace dtmd::app
