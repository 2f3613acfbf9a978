#include "unit/config/loading.h"

#include <gmock/gmock.h>

namespace dtmd::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Warnings, SayWhatIsProbablyAMistake) {
    const struct {
        const char *text, *warning;
    } cases[] = {
        {"Sotre: {Path: x}", "dtmd.yml:1:1: unknown key 'Sotre' is ignored: did you mean 'Store'?"},
        {"HttpProt: 1", "dtmd.yml:1:1: unknown key 'HttpProt' is ignored: did you mean 'HttpPort'?"},
        {"Store:\n  Drivre: x", "dtmd.yml:2:3: unknown key 'Store.Drivre' is ignored: did you mean 'Store.Driver'?"},
        {"RetrryInterval: 11", "dtmd.yml:1:1: unknown key 'RetrryInterval' is ignored: did you mean 'RetryInterval'?"},
        {"MaxBody: 10", "dtmd.yml:1:1: unknown key 'MaxBody' is ignored: did you mean 'Limits.MaxBody'?"},
        {"Store: {httpport: 1}", "dtmd.yml:1:9: unknown key 'Store.httpport' is ignored: did you mean 'HttpPort'?"},
        {"Something: [1, {a: b}]",
         "dtmd.yml:1:1: unknown key 'Something' is ignored; config/dtmd.yml shows all that there are"},
        {"<<: {HttpPort: 1}", "dtmd.yml:1:1: unknown key '<<' is ignored; config/dtmd.yml shows all that there are"},
        {"httpPort: 1", "dtmd.yml:1:1: httpPort: is spelled 'HttpPort'"},
        {"store: {Path: x}", "dtmd.yml:1:1: store: is spelled 'Store'"},
        {"HttpPort: 1\n---\nHttpPort: 2", "dtmd.yml:3:1: a second document begins here and is ignored"},
        {"HttpPort: 1\n---\n,", "dtmd.yml:3:1: a second document begins here and is ignored"},
        {"TimeoutToFail: 5",
         "dtmd.yml:1:16: TimeoutToFail: 5 s is less than RetryInterval (10 s): a failed call is not repeated before "
         "the transaction times out"},
        {"RetryInterval: 36",
         "TimeoutToFail: 35 s is less than RetryInterval (36 s): a failed call is not repeated before the transaction "
         "times out"},
        {"Limits: {MaxRetryInterval: 9}",
         "dtmd.yml:1:28: Limits.MaxRetryInterval: 9 s is less than RetryInterval (10 s), which it shortens"},
        {"GrpcBalancer: x", "dtmd.yml:1:15: GrpcBalancer: without effect: dtm reads it and does not use it"},
        {"Store:\n  Host: h\n  Port: 1",
         "dtmd.yml:2:9: Store.Host, dtmd.yml:3:9: Store.Port: without effect: only for Store.Driver "
         "mysql/postgres/redis, and it is rocksdb"},
        {"Store: {Driver: redis, Host: h, Path: x}",
         "dtmd.yml:1:39: Store.Path: without effect: only for Store.Driver rocksdb, and it is redis"},
        {"Store:\n  Type: mysql\n  Driver: rocksdb",
         "dtmd.yml:2:9: Store.Type: is ignored, since Store.Driver is set to another value"},
    };
    for (const auto& [text, warning] : cases) {
        SCOPED_TRACE(text);
        EXPECT_THAT(loaded(text).warnings, ElementsAre(warning));
    }
}

TEST(Warnings, DontStopAKeyFromCountingForItsCase) {
    const Loaded result = loaded("store:\n  PATH: here\nhttpPORT: 7\n");
    EXPECT_EQ(result.config.store.path, "here");
    EXPECT_EQ(result.config.http_port, 7);
    EXPECT_EQ(result.warnings.size(), 3u);
}

TEST(Warnings, AreNotMadeForWhatIsSetToItsDefault) {
    EXPECT_THAT(loaded("GrpcPort: 36790\nStore: {Db: dtm}\nMicroService: {Driver: default}").warnings, IsEmpty());
    EXPECT_THAT(loaded("RetryInterval: 35").warnings, IsEmpty());
    EXPECT_THAT(loaded("", {{"HOST", "machine"}, {"STORE_HOSTT", "x"}}).warnings, IsEmpty());
}

TEST(Notes, ExplainBoltdb) {
    const Loaded result = loaded("Store:\n  Driver: boltdb");
    EXPECT_EQ(result.config.store.driver, "rocksdb");
    EXPECT_THAT(result.warnings, IsEmpty());
    EXPECT_THAT(result.notes, ElementsAre("dtmd.yml:2:11: Store.Driver: boltdb is taken for rocksdb, the embedded "
                                          "store; its files are in Store.Path"));
}

}  // namespace
}  // namespace dtmd::config
