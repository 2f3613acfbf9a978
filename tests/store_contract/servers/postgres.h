#pragma once

#include "store/postgres/postgres_backend.h"

#include <sys/types.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dtmd::store::test {

/// A private PostgreSQL server in a folder of its own, on 127.0.0.1 and a free port. It ends with this object, or at
/// the latest with this process. Run by root, the server runs as the user `postgres`, since it refuses to be root.
///
/// Its user is `dtmd` with the password `dtmd`, who owns the database `dtm` and may make databases.
class PostgresServer {
public:
    /// Makes the folder and starts the server, with `settings` ("fsync=off") in addition to small defaults.
    ///
    /// @param root  where the folder is made; empty: in memory if there is room, else among the temporary files.
    explicit PostgresServer(std::vector<std::string> settings = {}, const std::string& root = {});
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    /// The one of this test process, started when it is first asked for.
    static PostgresServer& shared();

    /// A hot standby of this one, up and streaming.
    std::unique_ptr<PostgresServer> make_standby() const;
    void promote();  ///< Returns when it takes changes.

    void start();  ///< Returns when it answers.
    void stop();   ///< At once, as after a power cut ("immediate"), and waits until it is gone.
    void pause();  ///< SIGSTOP to the server and all its processes.
    void resume();

    /// Puts a copy of a file into the server's data, owned by the server and closed to others.
    void give(const std::string& file, const std::string& name) const;

    std::uint16_t port() const { return port_; }
    const std::string& folder() const { return folder_; }

    /// How dtmd is told to use the schema of this name.
    PostgresOptions options(const std::string& schema) const;

    /// A name no test has used before.
    static std::string fresh_name();

    /// Runs statements as superuser; the first column of the last answer's rows.
    std::vector<std::string> run(const std::string& statements, const std::string& database = "dtm") const;

private:
    struct Bare {};
    PostgresServer(Bare, std::vector<std::string> settings, const std::string& root);
    void signal_all(int signal) const;

    const std::vector<std::string> settings_;
    std::string folder_;
    std::uint16_t port_;
    pid_t pid_ = -1;
};

/// An open connection, for a competitor of dtmd.
class PostgresClient {
public:
    explicit PostgresClient(const PostgresServer& server);
    ~PostgresClient();
    PostgresClient(const PostgresClient&) = delete;
    PostgresClient& operator=(const PostgresClient&) = delete;

    /// The first column of the last answer's rows; the test fails on an error.
    std::vector<std::string> run(const std::string& statements);

    /// Sends statements and does not wait for the answer; `finish` does, and says whether all went well.
    void begin(const std::string& statements);
    bool finish();

private:
    void* connection_;
};

}  // namespace dtmd::store::test
