#include "unit/config/loading.h"

#include <gmock/gmock.h>

namespace dtmd::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Problems, SayWhereWhatAndHow) {
    const struct {
        const char *text, *problem;
    } cases[] = {
        {"HttpPort: abc", "dtmd.yml:1:11: HttpPort: expected an integer from 0 to 65535, got 'abc'"},
        {"HttpPort: 65536", "dtmd.yml:1:11: HttpPort: expected an integer from 0 to 65535, got '65536'"},
        {"HttpPort: -1", "dtmd.yml:1:11: HttpPort: expected an integer from 0 to 65535, got '-1'"},
        {"HttpPort: 80.5", "dtmd.yml:1:11: HttpPort: expected an integer from 0 to 65535, got '80.5'"},
        {"HttpPort: ''", "dtmd.yml:1:11: HttpPort: expected an integer from 0 to 65535, got ''"},
        {"HttpPort: 99999999999999999999",
         "dtmd.yml:1:11: HttpPort: expected an integer from 0 to 65535, got '99999999999999999999'"},
        {"HttpPort: [80]", "dtmd.yml:1:11: HttpPort: expected a single value"},
        {"HttpPort: {a: 80}", "dtmd.yml:1:11: HttpPort: expected a single value"},
        {"RetryInterval: 0",
         "dtmd.yml:1:16: RetryInterval: expected an integer from 1 to 3155760000 (seconds), got '0'"},
        {"RequestTimeout: 10s",
         "dtmd.yml:1:17: RequestTimeout: expected an integer from 1 to 86400 (seconds), got '10s'"},
        {"\nStore:\n  MemoryMB: 48MB",
         "dtmd.yml:3:13: Store.MemoryMB: expected an integer from 8 to 1000000 (MB), got '48MB'"},
        {"Compat:\n  SafeResubmit: maybe", "dtmd.yml:2:17: Compat.SafeResubmit: expected true or false, got 'maybe'"},
        {"LogLevel: loud", "dtmd.yml:1:11: LogLevel: expected one of debug, info, warn, error, got 'loud'"},
        {"Log: {Format: xml}", "dtmd.yml:1:15: Log.Format: expected one of text, json, got 'xml'"},
        {"AdminBasePath: dtm", "dtmd.yml:1:16: AdminBasePath: must begin with '/', got 'dtm'"},
        {"AlertWebHook: alerts.example", "dtmd.yml:1:15: AlertWebHook: expected a URL like https://host/path"},
        {"AlertWebHook: 'http://'", "dtmd.yml:1:15: AlertWebHook: expected a URL like https://host/path"},
        {"AlertWebHook: https:///path", "dtmd.yml:1:15: AlertWebHook: expected a URL like https://host/path"},
        {"TimeZoneOffset: +15", "dtmd.yml:1:17: TimeZoneOffset: expected hours from -14 to +14, got '+15'"},
        {"TimeZoneOffset: +-8", "dtmd.yml:1:17: TimeZoneOffset: expected hours from -14 to +14, got '+-8'"},
        {"TimeZoneOffset: Asia/Shanghai",
         "dtmd.yml:1:17: TimeZoneOffset: expected hours from -14 to +14, got 'Asia/Shanghai'"},
        {"TimeZoneOffset: +", "dtmd.yml:1:17: TimeZoneOffset: expected hours from -14 to +14, got '+'"},
        {"HttpPort: 1\nHost: x\nHttpPort: 2", "dtmd.yml:3:1: HttpPort: is set twice; the first time in line 1"},
        {"Store: {}\nStore: {}", "dtmd.yml:2:1: Store: is set twice; the first time in line 1"},
        {"HttpPort: 1\nhttpport: 2", "dtmd.yml:2:1: HttpPort: is set twice; the first time in line 1"},
        {"Store:\n  Path: a\n  Path: b", "dtmd.yml:3:3: Store.Path: is set twice; the first time in line 2"},
        {"- HttpPort: 1", "dtmd.yml:1:1: expected lines like `Key: value`"},
        {"HttpPort 1", "dtmd.yml:1:1: expected lines like `Key: value`"},
        {",", "dtmd.yml:1:1: expected lines like `Key: value`"},
        {"  , HttpPort: 1", "dtmd.yml:1:3: expected lines like `Key: value`"},
        {"? [a]\n: 1", "dtmd.yml:1:3: expected a line like `Key: value`"},
        {"Log:\n  RotationEnable: 1\n  RotationConfigJSON: 100",
         R"(dtmd.yml:3:23: Log.RotationConfigJSON: expected a JSON object like {"maxsize":100,"maxbackups":5})"},
        {"Log:\n  RotationEnable: 1\n  RotationConfigJSON: '{\"maxsize\":'",
         R"(dtmd.yml:3:23: Log.RotationConfigJSON: expected a JSON object like {"maxsize":100,"maxbackups":5})"},
    };
    for (const auto& [text, problem] : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(problems(text), problem);
    }
}

TEST(Problems, SayWhatIsWrongWithTheStore) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"Store: rocksdb", "dtmd.yml:1:8: Store: expected its keys below it, indented"},
        {"Store: [a]", "dtmd.yml:1:8: Store: expected its keys below it, indented"},
        {"Store: {Path: ''}", "dtmd.yml:1:15: Store.Path: must name a folder"},
        {"Store: {Driver: sqlserver}",
         "dtmd.yml:1:17: Store.Driver: expected one of rocksdb, boltdb, mysql, postgres, redis, got 'sqlserver'"},
        {"Store: {Driver: ''}",
         "dtmd.yml:1:17: Store.Driver: expected one of rocksdb, boltdb, mysql, postgres, redis, got ''"},
        {"Store: {Type: oracle}",
         "dtmd.yml:1:15: Store.Type: expected one of rocksdb, boltdb, mysql, postgres, redis, got 'oracle'"},
        {"Store: {Driver: redis}", "Store.Host: the store redis needs the address of its server"},
        {"Store: {Driver: mysql, Host: db}", "Store.User: the store mysql needs a user"},
        {"Store: {Driver: mysql, Host: db, User: dtm, Db: ''}", "dtmd.yml:1:49: Store.Db: must name a database"},
        {"Store: {Driver: postgres, Host: db, User: dtm, Schema: ''}",
         "dtmd.yml:1:56: Store.Schema: must name a schema"},
        {"Store: {Tls: maybe}", "dtmd.yml:1:14: Store.Tls: expected one of off, require, verify, got 'maybe'"},
    };
    for (const auto& [text, problem] : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(problems(text), problem);
    }
}

TEST(Problems, PointToBrokenYaml) {
    for (const char* const text :
         {"Store: {Path: a", "Host: [a", "Host: 'a", "\tHost: a\nHttpPort:\t: 1", "a: b: c", "Host: *nobody"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(std::regex_search(problems(text), std::regex(R"(^dtmd\.yml:\d+:\d+: not valid YAML: .)")))
            << problems(text);
    }
}

TEST(Problems, SurviveAnythingForAFile) {
    const std::string endless(200'000, '[');
    const std::string binary("\x00\xFF\xFE\x01\x80", 5);
    const std::string circle = "Store: &a\n  Path: *a\n";
    for (const std::string& text :
         {endless, binary, circle, std::string("Host: x\0y: z", 12), std::string("!!binary |\n  x")}) {
        SCOPED_TRACE(text.substr(0, 20));
        EXPECT_NE(problems(text), "");
    }
}

TEST(Problems, AreToldAllAtOnceInTheOrderOfTheFile) {
    EXPECT_EQ(problems("HttpPort: a\nAdminBasePath: b\nStore:\n  Driver: c\nHttpPort: 1\nThreads: d\n",
                       {{"RETRY_INTERVAL", "x"}}),
              "environment RETRY_INTERVAL: expected an integer from 1 to 3155760000 (seconds), got 'x'\n"
              "dtmd.yml:1:11: HttpPort: expected an integer from 0 to 65535, got 'a'\n"
              "dtmd.yml:2:16: AdminBasePath: must begin with '/', got 'b'\n"
              "dtmd.yml:4:11: Store.Driver: expected one of rocksdb, boltdb, mysql, postgres, redis, got 'c'\n"
              "dtmd.yml:5:1: HttpPort: is set twice; the first time in line 1\n"
              "dtmd.yml:6:10: Threads: expected an integer from 0 to 1024, got 'd'");
}

TEST(Problems, NameTheVariable) {
    EXPECT_EQ(problems("", {{"STORE_DRIVER", "oracle"}}),
              "environment STORE_DRIVER: expected one of rocksdb, boltdb, mysql, postgres, redis, got 'oracle'");
    EXPECT_EQ(problems("", {{"COMPAT_SAFE_RESUBMIT", "x"}}),
              "environment COMPAT_SAFE_RESUBMIT: expected true or false, got 'x'");
    EXPECT_EQ(problems("", {{"STORE_TYPE", "oracle"}}),
              "environment STORE_TYPE: expected one of rocksdb, boltdb, mysql, postgres, redis, got 'oracle'");
}

TEST(Problems, NameAFileThatCannotBeRead) {
    const File file("");
    const auto missing = load(file.folder() + "/none.yml", {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(file.shortened(missing.error().what),
              "none.yml: cannot be read: No such file or directory; check the path given with -c");

    const auto folder = load(file.folder(), {});
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().what, file.folder() + ": is a folder; name the YAML file itself");
}

TEST(Problems, RefuseWhatIsNoConfigurationFile) {
    EXPECT_EQ(problems("# " + std::string(2 << 20, 'x')),
              "dtmd.yml: is larger than 1 MiB; this is no configuration file");
    const auto endless = load("/dev/zero", {});
    ASSERT_FALSE(endless);
    EXPECT_THAT(endless.error().what, HasSubstr("/dev/zero: is larger than 1 MiB"));
}

TEST(Problems, NeverShowASecret) {
    const std::string texts[] = {
        "Store: {Password: [hush]}",
        "Store: {Password: hush, Dsn: 'user:hush@tcp(host:hush)/db'}",
        "AlertWebHook: 'ftp://user:hush@host'",
        "HttpMicroService: {RegistryOptions: {Password: hush}}",
    };
    for (const std::string& text : texts) {
        SCOPED_TRACE(text);
        EXPECT_NE(problems(text), "");
        EXPECT_THAT(problems(text), Not(HasSubstr("hush")));
    }
}

}  // namespace
}  // namespace dtmd::config
