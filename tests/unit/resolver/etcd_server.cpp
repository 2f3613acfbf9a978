#include "unit/resolver/etcd_server.h"

#include "support/ports.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>

namespace dtmd::participant::test {
namespace {

namespace fs = std::filesystem;

// In memory where there is room: an etcd on a busy disk loses its leader.
std::string make_folder() {
    std::string path = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) / "dtmd-etcd-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
    return path;
}

pid_t run(std::vector<std::string> words, int output) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
}

}  // namespace

bool eventually(const std::function<bool()>& is_true, std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!is_true()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

EtcdServer::EtcdServer(std::string name)
    : name_(std::move(name)), folder_(make_folder()), client_port_(ports::reserve()), peer_port_(ports::reserve()) {}

EtcdServer::EtcdServer() : EtcdServer("alone") {
    cluster_ = name_ + "=http://127.0.0.1:" + std::to_string(peer_port_);
    start();
    wait_until_up();
}

EtcdServer::~EtcdServer() {
    kill();
    fs::remove_all(folder_);
}

std::vector<std::unique_ptr<EtcdServer>> EtcdServer::cluster_of_three() {
    std::vector<std::unique_ptr<EtcdServer>> members;
    std::string cluster;
    for (const char* name : {"m1", "m2", "m3"}) {
        members.push_back(std::unique_ptr<EtcdServer>(new EtcdServer(name)));
        cluster.append(cluster.empty() ? "" : ",").append(name).append("=http://127.0.0.1:");
        cluster.append(std::to_string(members.back()->peer_port_));
    }
    for (const auto& member : members) {
        member->cluster_ = cluster;
        member->start();
    }
    for (const auto& member : members) member->wait_until_up();
    return members;
}

void EtcdServer::start() {
    const std::string client = "http://" + address(), peer = "http://127.0.0.1:" + std::to_string(peer_port_);
    const int log = ::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_ = run({"etcd", "--name", name_, "--data-dir", folder_ + "/data", "--listen-client-urls", client,
                "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", cluster_},
               log);
    ::close(log);
}

void EtcdServer::wait_until_up() const {
    const bool is_up = eventually([&] { return ctl({"endpoint", "health"}).find("is healthy") != std::string::npos; });
    EXPECT_TRUE(is_up) << "etcd did not come up, see " << folder_ << "/log";
}

void EtcdServer::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void EtcdServer::lose_data() { fs::remove_all(folder_ + "/data"); }
void EtcdServer::pause() { ::kill(pid_, SIGSTOP); }
void EtcdServer::resume() { ::kill(pid_, SIGCONT); }

std::string EtcdServer::ctl(const std::vector<std::string>& words) const {
    std::vector<std::string> command{"etcdctl", "--endpoints", address(), "--command-timeout", "10s"};
    command.insert(command.end(), words.begin(), words.end());
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const pid_t pid = run(std::move(command), ends[1]);
    ::close(ends[1]);
    std::string output;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
        output.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    ::waitpid(pid, nullptr, 0);
    return output;
}

}  // namespace dtmd::participant::test
