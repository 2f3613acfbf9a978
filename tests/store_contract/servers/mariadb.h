#pragma once

#include "store/mysql/mysql_backend.h"

#include <sys/types.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dtmd::store::test {

/// A connection of root's that stays open: another client of the same server.
class MariaDbClient {
public:
    MariaDbClient(const std::string& socket, const std::string& database);
    ~MariaDbClient();
    MariaDbClient(const MariaDbClient&) = delete;
    MariaDbClient& operator=(const MariaDbClient&) = delete;

    /// Runs statements; the first column of the last answer's rows. Throws with what the server said.
    std::vector<std::string> run(const std::string& statements);

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

/// A private MariaDB server in a folder of its own, on 127.0.0.1 and a free port. It ends with this object.
///
/// The folder is in memory if there is room: a throttled disk would make each start take seconds. $DTMD_TEST_DISK,
/// if set, is where it goes instead.
///
/// Its user is `dtmd` with the password `dtmd`, who may do everything but change what the server forbids.
class MariaDb {
public:
    /// Makes the folder and starts the server, with `settings` in addition to small defaults.
    explicit MariaDb(std::vector<std::string> settings = {});

    /// Not started yet, with all that `original` holds, which must be stopped.
    MariaDb(const MariaDb& original, std::vector<std::string> settings);
    ~MariaDb();
    MariaDb& operator=(const MariaDb&) = delete;

    /// The one of this test process, started when it is first asked for.
    static MariaDb& shared();

    void start();   ///< Returns when it answers.
    void stop();    ///< As an operator would.
    void kill();    ///< kill -9.
    void pause();   ///< SIGSTOP
    void resume();  ///< SIGCONT

    std::uint16_t port() const { return port_; }
    pid_t pid() const { return pid_; }

    /// How dtmd is told to use the database of this name.
    MySqlOptions options(const std::string& database) const;

    /// A name no test has used before.
    static std::string fresh_name();

    std::string socket() const { return file("socket"); }

    /// Runs statements as root, on a connection of their own: see MariaDbClient.
    std::vector<std::string> run(const std::string& statements, const std::string& database = "") const;

private:
    void set_up();
    std::string folder_for_itself() const;
    void grant();
    std::string file(const std::string& name) const { return folder_.path + "/" + name; }

    struct Folder {
        Folder();
        ~Folder();
        std::string path;
    };

    const Folder folder_;
    std::vector<std::string> settings_;
    std::uint16_t port_;
    pid_t pid_ = -1;
};

}  // namespace dtmd::store::test
