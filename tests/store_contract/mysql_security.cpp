#include "store/mysql/mysql_backend.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"
#include "store_contract/temp_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace dtmd::store::test {
namespace {

// A server with a certificate for 127.0.0.1, of an authority of its own.
class MySqlSecurity : public testing::Test {
protected:
    MySqlSecurity() {
        const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ";
        make("req -x509 " + key + "-days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
        make("req -x509 " + key + "-days 2 -subj /CN=stranger -keyout other.key -out other.pem");
        make("req " + key +
             "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.csr");
        make(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy "
            "-out server.pem");
        server = std::make_unique<MariaDb>(
            std::vector<std::string>{"--ssl-ca=" + files.file("ca.pem"), "--ssl-cert=" + files.file("server.pem"),
                                     "--ssl-key=" + files.file("server.key"), "--require-secure-transport=ON"});
        options = server->options("dtm");
        set_tick(std::chrono::seconds(1));
    }

    void make(const std::string& command) {
        const std::string line = "cd " + files.path() + " && openssl " + command + " 2>/dev/null";
        if (std::system(line.c_str()) != 0) throw std::runtime_error(line);
    }

    std::string why_down() const {
        const auto down = open_backend(options)->ping();
        return down ? "" : down.error().what;
    }

    const TempFolder files;
    std::unique_ptr<MariaDb> server;
    MySqlOptions options;
};

TEST_F(MySqlSecurity, WorksOverTls) {
    options.tls.mode = MySqlTls::Mode::verify;
    options.tls.ca_file = files.file("ca.pem");
    const auto backend = open_backend(options);
    auto large = saga("g");
    large.branches[0].body = std::string(3 << 20, 'x');
    std::vector<Outcome> outcomes(1);
    const auto written = backend->apply(std::vector{insert(large)}, outcomes);
    ASSERT_TRUE(written) << written.error().what;
    EXPECT_EQ(**backend->load("g"), as_rows_keep(large));
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(backend->apply(std::vector{insert(saga(std::to_string(i)))}, outcomes));
        EXPECT_EQ(outcomes[0], Outcome::ok);
    }
}

TEST_F(MySqlSecurity, RefusesAServerItCannotVerify) {
    EXPECT_NE(why_down(), "") << "this server wants TLS";
    options.tls.mode = MySqlTls::Mode::verify;
    options.tls.ca_file = files.file("other.pem");
    EXPECT_NE(why_down().find("Store.Tls"), std::string::npos) << why_down();
    options.tls.ca_file = files.file("missing.pem");
    EXPECT_NE(why_down().find("Store.Tls"), std::string::npos) << why_down();
    options.tls.ca_file = files.file("ca.pem");
    options.hosts[0].host = "localhost";
    EXPECT_NE(why_down().find("Store.Tls"), std::string::npos) << "its certificate is for 127.0.0.1: " << why_down();
    options.tls.mode = MySqlTls::Mode::require;
    options.tls.ca_file = "";
    EXPECT_EQ(why_down(), "") << "encrypted, to whoever answers";
}

TEST_F(MySqlSecurity, DoesNotSpeakInTheClear) {
    MariaDb plain({"--skip-ssl"});
    options = plain.options("dtm");
    options.tls.mode = MySqlTls::Mode::require;
    EXPECT_NE(why_down().find("Store.Tls"), std::string::npos) << why_down();
}

TEST(MySqlSocket, IsUsedInsteadOfTheHosts) {
    auto options = MariaDb::shared().options(MariaDb::fresh_name());
    options.hosts.clear();
    options.unix_socket = MariaDb::shared().socket();
    EXPECT_TRUE(open_backend(options)->ping());
    MariaDb::shared().run("DROP DATABASE " + options.database);
}

}  // namespace
}  // namespace dtmd::store::test
