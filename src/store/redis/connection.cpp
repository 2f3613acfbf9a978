#include "store/redis/connection.h"

#include "store/redis/refusal.h"
#include "store/redis/scripts.h"
#include "store/redis/server_check.h"

namespace dtmd::store::redis {

Result<std::unique_ptr<Connection>> Connection::open(const Address& address, const Shared& shared,
                                                     const std::string& user, const std::string& password) {
    const auto& options = shared.options;
    auto socket = Socket::connect(address, shared.tls, options.connect_timeout, options.timeout);
    if (!socket) return socket.error();
    std::unique_ptr<Connection> connection(new Connection(address, *std::move(socket)));
    if (password.empty()) return connection;
    const auto login = user.empty() ? command("AUTH", password) : command("AUTH", user, password);
    const Answer answer = connection->ask(login);
    if (!answer) return Error{Errc::unavailable, answer.error().what};
    if (answer->is_error()) return Error{Errc::unavailable, explain(answer->text, address).what};
    return connection;
}

void Connection::send(std::span<const std::string> commands) {
    output_.clear();
    for (const auto& one : commands) output_ += one;
    std::size_t sent = 0;
    if (!failure_) {
        if (auto written = socket_->write(output_, sent); !written) failure_ = written.error();
    }
    std::size_t end = 0;
    for (const auto& one : commands) {
        end += one.size();
        was_sent_.push_back(end <= sent);
    }
    if (output_.capacity() > 1 << 22) std::string().swap(output_);
}

Result<Reply> Connection::read_reply(std::chrono::milliseconds extra) {
    char buffer[16 * 1024];
    while (true) {
        auto reply = reader_.next();
        if (!reply) return reply.error();
        if (*reply) return **std::move(reply);
        const auto size = socket_->read(buffer, extra);
        if (!size) return size.error();
        reader_.feed({buffer, *size});
    }
}

std::vector<Answer> Connection::receive(std::chrono::milliseconds extra) {
    std::vector<Answer> answers;
    answers.reserve(was_sent_.size());
    for (const bool was_sent : was_sent_) {
        // Answers may have come before the writing failed: they count.
        if (was_sent && (!failure_ || answers.empty() || answers.back())) {
            auto reply = read_reply(extra);
            if (reply) {
                answers.emplace_back(*std::move(reply));
                continue;
            }
            if (!failure_) failure_ = reply.error();
        }
        answers.emplace_back(Error{was_sent ? Errc::unknown : Errc::unavailable, failure_->what});
    }
    was_sent_.clear();
    return answers;
}

std::vector<Answer> Connection::ask(std::span<const std::string> commands) {
    send(commands);
    return receive();
}

Result<void> load_scripts(Connection& connection) {
    std::vector<std::string> commands;
    for (std::size_t i = 0; i < script_count; ++i) {
        commands.push_back(command("SCRIPT", "LOAD", source_of(static_cast<Script>(i))));
    }
    for (const Answer& answer : connection.ask(commands)) {
        if (!answer) return Error{Errc::unavailable, answer.error().what};
        if (answer->is_error()) return Error{Errc::unavailable, explain(answer->text, connection.address()).what};
    }
    return {};
}

Result<void> prepare(Connection& connection, Shared& shared) {
    if (shared.options.database != 0) {
        const Answer chosen = connection.ask(command("SELECT", std::to_string(shared.options.database)));
        if (!chosen) return Error{Errc::unavailable, chosen.error().what};
        if (chosen->is_error()) return Error{Errc::unavailable, explain(chosen->text, connection.address()).what};
    }
    if (auto checked = check_server(connection, shared); !checked) return checked;
    return load_scripts(connection);
}

}  // namespace dtmd::store::redis
