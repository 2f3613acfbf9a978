#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

namespace dtmd::store::test {

/// A store_writer process (see store_writer.cpp). Killed, if need be, when this object is destroyed.
class Child {
public:
    Child(const std::string& act, const std::string& folder) {
        int in[2], out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(in[0], STDIN_FILENO);
            ::dup2(out[1], STDOUT_FILENO);
            ::execl(DTMD_STORE_WRITER, "store_writer", act.c_str(), folder.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(in[0]);
        ::close(out[1]);
        input_ = in[1];
        output_ = out[0];
    }

    ~Child() {
        kill();
        ::close(input_);
        ::close(output_);
    }

    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return pid_; }

    /// Waits for `count` lines more, or the end of output. Only whole lines count.
    void read_lines(std::size_t count) {
        while (lines_.size() < count && read_some()) {
        }
    }

    /// kill -9, then everything that it had said before.
    const std::vector<std::string>& kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            while (read_some()) {
            }
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
        return lines_;
    }

    const std::vector<std::string>& lines() const { return lines_; }

private:
    bool read_some() {
        char buffer[4096];
        const auto size = ::read(output_, buffer, sizeof buffer);
        if (size <= 0) return false;
        for (const char letter : std::string(buffer, static_cast<std::size_t>(size))) {
            if (letter != '\n') {
                line_ += letter;
                continue;
            }
            lines_.push_back(line_);
            line_.clear();
        }
        return true;
    }

    pid_t pid_ = -1;
    int input_ = -1, output_ = -1;
    std::string line_;
    std::vector<std::string> lines_;
};

}  // namespace dtmd::store::test
