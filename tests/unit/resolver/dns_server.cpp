#include "unit/resolver/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace dtmd::participant::test {
namespace {

constexpr std::size_t header_size = 12;

void append_number(std::string& out, unsigned number) {
    out += static_cast<char>(number >> 8);
    out += static_cast<char>(number & 0xFF);
}

void append_name(std::string& out, const std::string& name) {
    for (std::size_t start = 0; start < name.size();) {
        const auto end = std::min(name.find('.', start), name.size());
        out += static_cast<char>(end - start);
        out.append(name, start, end - start);
        start = end + 1;
    }
    out += '\0';
}

}  // namespace

DnsServer::DnsServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const timeval wait{0, 50'000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
    stopped_ = true;
    thread_.join();
    ::close(socket_);
}

void DnsServer::set(std::vector<SrvRecord> records) {
    const std::lock_guard lock(mutex_);
    records_ = std::move(records);
    code_ = 0;
}

void DnsServer::set_code(std::uint8_t code) {
    const std::lock_guard lock(mutex_);
    records_.clear();
    code_ = code;
}

std::string DnsServer::answer(const std::string& question) {
    const std::lock_guard lock(mutex_);
    // Only the question goes back; what else the client sent (EDNS) does not.
    const auto name_end = question.find('\0', header_size);
    std::string out = question.substr(0, 2);
    append_number(out, 0x8180u | code_);  // A recursive answer.
    append_number(out, 1);
    append_number(out, static_cast<unsigned>(records_.size()));
    append_number(out, 0);
    append_number(out, 0);
    out += question.substr(header_size, name_end + 5 - header_size);
    for (const SrvRecord& record : records_) {
        std::string data;
        append_number(data, record.priority);
        append_number(data, record.weight);
        append_number(data, record.port);
        append_name(data, record.host);
        append_number(out, 0xC000u | header_size);  // The name of the question.
        append_number(out, 33);                     // SRV
        append_number(out, 1);
        append_number(out, 0);
        append_number(out, 60);
        append_number(out, static_cast<unsigned>(data.size()));
        out += data;
    }
    return out;
}

void DnsServer::serve() {
    char buffer[1500];
    while (!stopped_) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        const auto received = ::recvfrom(socket_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&peer), &size);
        if (received < static_cast<ssize_t>(header_size)) continue;
        ++questions_;
        if (silent_) continue;
        const std::string reply = answer(std::string(buffer, static_cast<std::size_t>(received)));
        ::sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
}

}  // namespace dtmd::participant::test
