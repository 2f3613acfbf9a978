#include "store_contract/servers/redis.h"

#include "support/ports.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>

namespace dtmd::store::test {
namespace {

constexpr std::uint16_t bus_offset = 10'000;  // Where a Cluster's bus listens, above the port for clients.

// Starts a process whose output goes to `output`. It ends with this one.
pid_t spawn(const std::vector<std::string>& words, int output) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
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
    return child;
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments, std::vector<std::string> cli_options)
    : port_(ports::reserve_pair(bus_offset)), arguments_(std::move(arguments)), cli_options_(std::move(cli_options)) {
    for (auto& word : arguments_) {
        if (word == "PORT") word = std::to_string(port_);
    }
    start();
}

std::unique_ptr<RedisServer> RedisServer::sentinel(const std::vector<std::string>& lines) {
    std::unique_ptr<RedisServer> server(new RedisServer(ports::reserve_pair(bus_offset), true));
    std::ofstream file(server->folder_.file("sentinel.conf"));
    file << "port " << server->port_ << "\nbind 127.0.0.1\ndir " << server->folder_.path() << "\n";
    for (const auto& line : lines) file << line << "\n";
    file.close();
    server->start();
    return server;
}

void RedisServer::start() {
    const std::string port = std::to_string(port_);
    std::vector<std::string> words{"redis-server", folder_.file("sentinel.conf"), "--sentinel"};
    if (!is_sentinel_) {
        words = {"redis-server",
                 "--port",
                 port,
                 "--bind",
                 "127.0.0.1",
                 "--dir",
                 folder_.path(),
                 "--save",
                 "",
                 "--loglevel",
                 "notice",
                 "--repl-diskless-sync-delay",
                 "0"};
        words.insert(words.end(), arguments_.begin(), arguments_.end());
    }
    const int log = ::open(folder_.file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_ = spawn(words, log);
    ::close(log);
    const auto answers = [this] {
        const std::string said = cli({"ping"});
        return said.starts_with("PONG") || said.find("NOAUTH") != std::string::npos ||
               said.find("MASTERDOWN") != std::string::npos;
    };
    if (!wait_until(answers)) throw std::runtime_error("no Redis server came up; see " + folder_.file("log"));
}

RedisServer::~RedisServer() { kill(); }

void RedisServer::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void RedisServer::restart() {
    kill();
    start();
}

void RedisServer::pause() { ::kill(pid_, SIGSTOP); }

void RedisServer::resume() { ::kill(pid_, SIGCONT); }

std::string RedisServer::cli(const std::vector<std::string>& words) const {
    std::vector<std::string> all{"redis-cli", "-h", "127.0.0.1", "-p", std::to_string(port_)};
    all.insert(all.end(), cli_options_.begin(), cli_options_.end());
    all.insert(all.end(), words.begin(), words.end());
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const pid_t child = spawn(all, ends[1]);
    ::close(ends[1]);
    std::string out;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
        out.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    while (out.ends_with('\n')) out.pop_back();
    return out;
}

RedisServer& shared_redis() {
    static RedisServer server({"--appendonly", "yes", "--appendfsync", "everysec"});
    return server;
}

std::string fresh_prefix() {
    static int count = 0;
    return "{t" + std::to_string(++count) + "}";
}

}  // namespace dtmd::store::test
