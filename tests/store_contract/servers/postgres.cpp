#include "store_contract/servers/postgres.h"

#include "support/ports.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace dtmd::store::test {
namespace {

using Words = std::vector<std::string>;

constexpr auto patience = std::chrono::seconds(90);  // The disk may be slow.

std::string program(const std::string& name) {
    for (int version = 20; version >= 12; --version) {
        const std::string path = "/usr/lib/postgresql/" + std::to_string(version) + "/bin/" + name;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return name;
}

const passwd* server_user() {
    if (::geteuid() != 0) return nullptr;
    const passwd* const user = ::getpwnam("postgres");
    return user != nullptr ? user : ::getpwnam("nobody");
}

// Starts a program that gets `at_end` when this process ends, and writes its output to `log`.
pid_t spawn(const Words& words, const std::string& folder, int at_end) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const passwd* const user = server_user();
    const int output = ::open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        if (::chdir(folder.c_str()) != 0) ::_exit(127);
        const bool is_user = user == nullptr || (::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 &&
                                                 ::setuid(user->pw_uid) == 0);
        if (!is_user) ::_exit(127);
        ::prctl(PR_SET_PDEATHSIG, at_end);  // A change of the user would undo it.
        if (::getppid() != parent) ::_exit(127);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(output);
    return child;
}

std::string log_of(const std::string& folder) {
    std::ifstream file(folder + "/log");
    return {std::istreambuf_iterator<char>(file), {}};
}

void run_program(const Words& words, const std::string& folder) {
    int status = 0;
    ::waitpid(spawn(words, folder, SIGKILL), &status, 0);
    if (status != 0) throw std::runtime_error(words.front() + " failed: " + log_of(folder));
}

std::string roomy_root() {
    struct statvfs space{};
    const bool has_room = ::statvfs("/dev/shm", &space) == 0 && ::access("/dev/shm", W_OK) == 0 &&
                          space.f_bavail * space.f_frsize > (std::uint64_t{1} << 30);
    return has_room ? "/dev/shm" : std::filesystem::temp_directory_path().string();
}

void give_away(const std::string& path) {
    const passwd* const user = server_user();
    if (user == nullptr) return;
    if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("can't give away " + path);
}

std::string make_folder(const std::string& root) {
    std::string path = (root.empty() ? roomy_root() : root) + "/dtmd-test-XXXXXX";
    if (!::mkdtemp(path.data())) throw std::runtime_error("can't make a temporary folder " + path);
    give_away(path);
    return path;
}

PGconn* connect(const std::string& folder, std::uint16_t port, const std::string& database) {
    PGconn* const c =
        PQconnectdb(("host=" + folder + " port=" + std::to_string(port) + " user=postgres dbname=" + database).c_str());
    if (PQstatus(c) == CONNECTION_OK) {
        PQsetNoticeProcessor(c, [](void*, const char*) {}, nullptr);
        return c;
    }
    const std::string why = PQerrorMessage(c);
    PQfinish(c);
    throw std::runtime_error(why);
}

std::vector<std::string> first_column(PGconn* c, PGresult* result, const std::string& statements) {
    const auto status = PQresultStatus(result);
    const bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    std::vector<std::string> values;
    for (int row = 0; is_done && row < PQntuples(result); ++row) values.emplace_back(PQgetvalue(result, row, 0));
    PQclear(result);
    if (!is_done) throw std::runtime_error(PQerrorMessage(c) + ("in: " + statements.substr(0, 200)));
    return values;
}

}  // namespace

PostgresServer::PostgresServer(Bare, Words settings, const std::string& root)
    : settings_(std::move(settings)), folder_(make_folder(root)), port_(ports::reserve()) {}

PostgresServer::PostgresServer(Words settings, const std::string& root)
    : PostgresServer(Bare{}, std::move(settings), root) {
    run_program({program("initdb"), "--pgdata=" + folder_ + "/data", "--username=postgres", "--auth-local=trust",
                 "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"},
                folder_);
    start();
    run("CREATE ROLE dtmd LOGIN CREATEDB PASSWORD 'dtmd'", "postgres");
    run("CREATE DATABASE dtm OWNER dtmd", "postgres");
}

PostgresServer::~PostgresServer() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

PostgresServer& PostgresServer::shared() {
    static PostgresServer server;
    return server;
}

std::unique_ptr<PostgresServer> PostgresServer::make_standby() const {
    std::unique_ptr<PostgresServer> standby(
        new PostgresServer(Bare{}, settings_, std::filesystem::path(folder_).parent_path().string()));
    run_program(
        {program("pg_basebackup"), "--host=" + folder_, "--port=" + std::to_string(port_), "--username=postgres",
         "--pgdata=" + standby->folder_ + "/data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"},
        standby->folder_);
    standby->start();
    return standby;
}

void PostgresServer::promote() {
    run("SELECT pg_promote(true, 60)", "postgres");
    if (run("SELECT pg_is_in_recovery()", "postgres").front() != "f") throw std::runtime_error("was not promoted");
}

void PostgresServer::give(const std::string& file, const std::string& name) const {
    const std::string path = folder_ + "/data/" + name;
    std::filesystem::copy_file(file, path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    give_away(path);
}

void PostgresServer::start() {
    Words words{program("postgres"), "-D", folder_ + "/data"};
    Words all{"listen_addresses=127.0.0.1",
              "port=" + std::to_string(port_),
              "unix_socket_directories=" + folder_,
              "shared_buffers=64MB",
              "max_connections=60",
              "lc_messages=C"};
    all.insert(all.end(), settings_.begin(), settings_.end());
    for (const auto& setting : all) {
        words.emplace_back("-c");
        words.push_back(setting);
    }
    pid_ = spawn(words, folder_, SIGQUIT);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        try {
            PQfinish(connect(folder_, port_, "postgres"));
            return;
        } catch (const std::exception& error) {
            const bool is_over = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
            if (is_over) pid_ = -1;
            if (is_over || std::chrono::steady_clock::now() > end) {
                throw std::runtime_error("no PostgreSQL came up: " + std::string(error.what()) + "\n" +
                                         log_of(folder_));
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void PostgresServer::stop() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGQUIT);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void PostgresServer::signal_all(int signal) const {
    std::ifstream children("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children");
    for (pid_t child = 0; children >> child;) ::kill(child, signal);
}

void PostgresServer::pause() {
    ::kill(pid_, SIGSTOP);
    signal_all(SIGSTOP);
}

void PostgresServer::resume() {
    signal_all(SIGCONT);
    ::kill(pid_, SIGCONT);
}

PostgresOptions PostgresServer::options(const std::string& schema) const {
    PostgresOptions options;
    options.hosts = {{.host = "127.0.0.1", .port = port_}};
    options.user = options.password = "dtmd";
    options.schema = schema;
    return options;
}

std::string PostgresServer::fresh_name() {
    static std::atomic<int> count{0};
    return "t" + std::to_string(++count);
}

std::vector<std::string> PostgresServer::run(const std::string& statements, const std::string& database) const {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> c(connect(folder_, port_, database), &PQfinish);
    return first_column(c.get(), PQexec(c.get(), statements.c_str()), statements);
}

PostgresClient::PostgresClient(const PostgresServer& server)
    : connection_(connect(server.folder(), server.port(), "dtm")) {}

PostgresClient::~PostgresClient() { PQfinish(static_cast<PGconn*>(connection_)); }

std::vector<std::string> PostgresClient::run(const std::string& statements) {
    auto* const c = static_cast<PGconn*>(connection_);
    return first_column(c, PQexec(c, statements.c_str()), statements);
}

void PostgresClient::begin(const std::string& statements) {
    auto* const c = static_cast<PGconn*>(connection_);
    if (PQsendQuery(c, statements.c_str()) != 1) throw std::runtime_error(PQerrorMessage(c));
}

bool PostgresClient::finish() {
    bool is_well = true;
    while (PGresult* const result = PQgetResult(static_cast<PGconn*>(connection_))) {
        const auto status = PQresultStatus(result);
        is_well = is_well && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
        PQclear(result);
    }
    return is_well;
}

}  // namespace dtmd::store::test
