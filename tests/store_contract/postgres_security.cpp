#include "store_contract/postgres_store.h"
#include "store_contract/temp_folder.h"

#include <cstdlib>

namespace dtmd::store::test {
namespace {

using testing::HasSubstr;

// A server with a certificate for 127.0.0.1, of an authority of its own.
class PostgresSecurity : public PostgresStore {
protected:
    PostgresSecurity() {
        const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ";
        make("req -x509 " + key + "-days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
        make("req -x509 " + key + "-days 2 -subj /CN=stranger -keyout other.key -out other.pem");
        make("req " + key + "-subj /CN=server -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.csr");
        make(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy "
            "-out server.pem");
        server.give(files.file("server.key"), "server.key");
        server.give(files.file("server.pem"), "server.crt");
        server.run("ALTER SYSTEM SET ssl=on");
        server.run("SELECT pg_reload_conf()");
        options = server.options("public");
        options.tls = {.mode = PostgresTls::Mode::require, .ca_file = "", .cert_file = "", .key_file = ""};
        wait_for([&] { return open_backend(options)->ping().has_value(); });
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
    PostgresServer server;
};

TEST_F(PostgresSecurity, WorksOverTls) {
    options.tls.mode = PostgresTls::Mode::verify;
    options.tls.ca_file = files.file("ca.pem");
    const auto backend = open_backend(options);
    auto large = saga("g");
    large.branches[0].body = std::string(3 << 20, 'x');
    EXPECT_EQ(apply(*backend, insert(large)), Outcome::ok);
    EXPECT_EQ(load(*backend, "g"), as_rows_keep(large));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(apply(*backend, insert(saga(std::to_string(i)))), Outcome::ok);
    EXPECT_EQ(server.run("SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE "
                         "a.application_name='dtmd'"),
              std::vector<std::string>{"t"});
}

TEST_F(PostgresSecurity, RefusesAServerItCanNotVerify) {
    options.tls.mode = PostgresTls::Mode::verify;
    options.tls.ca_file = files.file("other.pem");
    EXPECT_THAT(why_down(), HasSubstr("certificate"));
    options.tls.ca_file = "";
    EXPECT_THAT(why_down(), HasSubstr("certificate"));
    options.tls.ca_file = files.file("ca.pem");
    EXPECT_EQ(why_down(), "");
    options.hosts[0].host = "localhost";
    EXPECT_THAT(why_down(), HasSubstr("localhost")) << "the certificate is for 127.0.0.1";
    options.tls.mode = PostgresTls::Mode::require;
    options.tls.ca_file = "";
    EXPECT_EQ(why_down(), "");
}

TEST_F(PostgresSecurity, SaysSoWhenTheServerHasNoTls) {
    options = schema.options();
    options.tls.mode = PostgresTls::Mode::require;
    EXPECT_THAT(why_down(), HasSubstr("SSL"));
}

TEST_F(PostgresStore, WorksThroughAUnixSocket) {
    auto& shared = PostgresServer::shared();
    options.unix_socket = shared.folder();
    options.user = "postgres";
    options.password = "";
    const auto backend = open_backend(options);
    EXPECT_EQ(apply(*backend, insert(saga("g"))), Outcome::ok);
    EXPECT_EQ(load(*backend, "g"), as_rows_keep(saga("g")));
}

TEST_F(PostgresStore, NeedsAHost) {
    options.hosts.clear();
    const auto factory = open_postgres(options);
    ASSERT_FALSE(factory);
    EXPECT_EQ(factory.error().code, Errc::invalid);
    EXPECT_THAT(factory.error().what, HasSubstr("Store.Host"));
}

}  // namespace
}  // namespace dtmd::store::test
