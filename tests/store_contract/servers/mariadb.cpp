#include "store_contract/servers/mariadb.h"

#include "support/ports.h"

#include <fcntl.h>
#include <mysql.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

namespace dtmd::store::test {
namespace {

using Words = std::vector<std::string>;

constexpr auto patience = std::chrono::seconds(90);  // The disk may be slow.

// Starts a program that ends with this one and writes its output to `log`.
pid_t spawn(const Words& words, const std::string& log) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(output);
    return child;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string folder_for_data() {
    constexpr std::uintmax_t enough = std::uintmax_t{4} << 30;
    const char* const wanted = std::getenv("DTMD_TEST_DISK");
    struct statvfs space{};
    const bool has_room = ::statvfs("/dev/shm", &space) == 0 && space.f_bavail * space.f_frsize > enough;
    const std::string below = wanted != nullptr ? wanted
                              : has_room        ? "/dev/shm"
                                                : std::filesystem::temp_directory_path();
    return below + "/dtmd-mariadb-XXXXXX";
}

}  // namespace

struct MariaDbClient::Connection {
    std::unique_ptr<MYSQL, void (*)(MYSQL*)> handle{mysql_init(nullptr), &mysql_close};
};

MariaDbClient::MariaDbClient(const std::string& socket, const std::string& database)
    : connection_(std::make_unique<Connection>()) {
    MYSQL* const c = connection_->handle.get();
    mysql_options(c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    const char* const name = database.empty() ? nullptr : database.c_str();
    const bool connected =
        mysql_real_connect(c, nullptr, "root", "", name, 0, socket.c_str(), CLIENT_MULTI_STATEMENTS) != nullptr;
    if (!connected) throw std::runtime_error(mysql_error(c));
}

MariaDbClient::~MariaDbClient() = default;

std::vector<std::string> MariaDbClient::run(const std::string& statements) {
    MYSQL* const c = connection_->handle.get();
    int more = mysql_real_query(c, statements.data(), statements.size());
    std::vector<std::string> values;
    while (more == 0) {
        values.clear();
        if (MYSQL_RES* const rows = mysql_store_result(c)) {
            while (const MYSQL_ROW row = mysql_fetch_row(rows)) {
                const auto* lengths = mysql_fetch_lengths(rows);
                values.emplace_back(row[0] == nullptr ? "" : std::string(row[0], lengths[0]));
            }
            mysql_free_result(rows);
        }
        more = mysql_next_result(c);
    }
    if (more > 0) throw std::runtime_error(std::string(mysql_error(c)) + " in: " + statements.substr(0, 200));
    return values;
}

MariaDb::Folder::Folder() : path(folder_for_data()) {
    if (!::mkdtemp(path.data())) throw std::runtime_error("can't make the folder " + path);
}

MariaDb::Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

MariaDb::MariaDb(Words settings) : settings_(std::move(settings)), port_(ports::reserve()) {
    set_up();
    start();
    grant();
}

MariaDb::MariaDb(const MariaDb& original, Words settings) : settings_(std::move(settings)), port_(ports::reserve()) {
    std::filesystem::copy(original.file("data"), file("data"), std::filesystem::copy_options::recursive);
}

MariaDb::~MariaDb() { kill(); }

MariaDb& MariaDb::shared() {
    static MariaDb server;
    return server;
}

// A server that starts clears the temporary tables away that it finds there, also those of one beside it.
std::string MariaDb::folder_for_itself() const {
    std::filesystem::create_directories(file("tmp"));
    return file("tmp");
}

void MariaDb::set_up() {
    const pid_t child = spawn({"mariadb-install-db", "--no-defaults", "--user=root", "--datadir=" + file("data"),
                               "--tmpdir=" + folder_for_itself(), "--auth-root-authentication-method=normal",
                               "--skip-test-db", "--innodb-log-file-size=16M"},
                              file("install.log"));
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) throw std::runtime_error("no MariaDB was installed: " + text_of(file("install.log")));
}

void MariaDb::start() {
    Words words{"mariadbd",
                "--no-defaults",
                "--user=root",
                "--datadir=" + file("data"),
                "--tmpdir=" + folder_for_itself(),
                "--socket=" + file("socket"),
                "--pid-file=" + file("pid"),
                "--bind-address=127.0.0.1",
                "--port=" + std::to_string(port_),
                "--skip-name-resolve",
                "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=16M",
                "--max-connections=100",
                "--performance-schema=OFF"};
    words.insert(words.end(), settings_.begin(), settings_.end());
    pid_ = spawn(words, file("log"));
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        try {
            MariaDbClient(socket(), "");
            return;
        } catch (const std::exception& error) {
            const bool is_over = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
            if (is_over) pid_ = -1;
            if (is_over || std::chrono::steady_clock::now() > end) {
                throw std::runtime_error("no MariaDB came up: " + std::string(error.what()) + "\n" +
                                         text_of(file("log")));
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void MariaDb::grant() {
    run("SET SESSION wsrep_on=OFF;CREATE USER dtmd@'%' IDENTIFIED BY 'dtmd';"
        "GRANT SELECT,INSERT,UPDATE,DELETE,CREATE,ALTER,INDEX,DROP,PROCESS ON *.* TO dtmd@'%'");
}

void MariaDb::stop() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void MariaDb::pause() { ::kill(pid_, SIGSTOP); }

void MariaDb::resume() { ::kill(pid_, SIGCONT); }

void MariaDb::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

MySqlOptions MariaDb::options(const std::string& database) const {
    MySqlOptions options;
    options.hosts = {{.host = "127.0.0.1", .port = port_}};
    options.user = options.password = "dtmd";
    options.database = database;
    return options;
}

std::string MariaDb::fresh_name() {
    static std::atomic<int> count{0};
    return "t" + std::to_string(++count);
}

std::vector<std::string> MariaDb::run(const std::string& statements, const std::string& database) const {
    return MariaDbClient(socket(), database).run(statements);
}

}  // namespace dtmd::store::test
