#include "store/redis/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dtmd::store::redis {
namespace {

std::string system_text(int code) { return std::generic_category().message(code); }

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

// A connected non-blocking socket, or minus the system's error code.
int connect_to(const addrinfo& target, std::chrono::milliseconds limit) {
    const int handle = ::socket(target.ai_family, target.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (handle < 0) return -errno;
    int error = ::connect(handle, target.ai_addr, target.ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        pollfd waited{.fd = handle, .events = POLLOUT, .revents = 0};
        const int ready = ::poll(&waited, 1, static_cast<int>(limit.count()));
        socklen_t size = sizeof error;
        error = ETIMEDOUT;
        if (ready > 0) ::getsockopt(handle, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) {
        ::close(handle);
        return -error;
    }
    const int on = 1;
    ::setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(handle, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return handle;
}

}  // namespace

Socket::Socket(Address address, int handle, std::chrono::milliseconds timeout)
    : address_(std::move(address)), handle_(handle), timeout_(timeout) {}

Socket::~Socket() {
    ssl_.reset();
    ::close(handle_);
}

void Socket::FreeSsl::operator()(SSL* ssl) const { ::SSL_free(ssl); }

Result<std::unique_ptr<Socket>> Socket::connect(const Address& address, std::shared_ptr<TlsContext> tls,
                                                std::chrono::milliseconds connect_timeout,
                                                std::chrono::milliseconds timeout) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int found = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
    if (found != 0) {
        return Error{Errc::unavailable, "The Redis server " + address.text() +
                                            " can't be found: " + ::gai_strerror(found) + ". Check its name."};
    }
    const std::unique_ptr<addrinfo, FreeAddresses> targets(list);
    int handle = -EADDRNOTAVAIL;
    for (const addrinfo* target = targets.get(); target && handle < 0; target = target->ai_next) {
        handle = connect_to(*target, connect_timeout);
    }
    if (handle < 0) {
        return Error{Errc::unavailable, "The Redis server " + address.text() + " can't be reached: " +
                                            system_text(-handle) + ". Is it running, and is the way to it open?"};
    }
    std::unique_ptr<Socket> socket(new Socket(address, handle, timeout));
    if (tls) {
        if (auto started = socket->start_tls(std::move(tls)); !started) return started.error();
    }
    return socket;
}

Error Socket::failed(std::string_view what, const std::string& why) const {
    return {Errc::unavailable, "The connection to the Redis server " + address_.text() + " failed while " +
                                   std::string(what) + ": " + why};
}

Result<void> Socket::wait_for(short events, std::chrono::milliseconds limit, std::string_view what) const {
    pollfd waited{.fd = handle_, .events = events, .revents = 0};
    const auto end = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        const int ready = ::poll(&waited, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
        if (ready > 0) return {};
        if (ready == 0) return failed(what, "nothing for " + std::to_string(limit.count()) + " ms.");
        if (errno != EINTR) return failed(what, system_text(errno));
    }
}

// What OpenSSL waits for after `result`, or why it failed.
Result<void> Socket::wait_for_ssl(int result, std::chrono::milliseconds limit, std::string_view what) const {
    const int system_error = errno;
    switch (::SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: return wait_for(POLLIN, limit, what);
        case SSL_ERROR_WANT_WRITE: return wait_for(POLLOUT, limit, what);
        case SSL_ERROR_ZERO_RETURN: return failed(what, "the server closed it.");
        default: break;
    }
    if (const long why = ::SSL_get_verify_result(ssl_.get()); why != X509_V_OK) {
        return failed(what, std::string("the server's certificate is not accepted: ") +
                                ::X509_verify_cert_error_string(why) + ". Check the CA file and the server name.");
    }
    char text[256] = "the server closed it.";
    if (const unsigned long code = ::ERR_get_error(); code != 0) {
        ::ERR_error_string_n(code, text, sizeof text);
    } else if (system_error != 0) {
        return failed(what, system_text(system_error));
    }
    return failed(what, text);
}

Result<void> Socket::start_tls(std::shared_ptr<TlsContext> tls) {
    tls_ = std::move(tls);
    ssl_.reset(::SSL_new(tls_->get()));
    const RedisTls& options = tls_->options();
    const std::string& name = options.server_name.empty() ? address_.host : options.server_name;
    in6_addr ignored{};
    const bool is_number =
        ::inet_pton(AF_INET, name.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
    if (!is_number) ::SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
    if (options.verify && is_number) ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl_.get()), name.c_str());
    if (options.verify && !is_number) ::SSL_set1_host(ssl_.get(), name.c_str());
    ::SSL_set_fd(ssl_.get(), handle_);
    while (true) {
        ::ERR_clear_error();
        const int result = ::SSL_connect(ssl_.get());
        if (result == 1) return {};
        if (auto waited = wait_for_ssl(result, timeout_, "TLS was set up"); !waited) return waited;
    }
}

Result<void> Socket::write(std::string_view data, std::size_t& sent) {
    sent = 0;
    while (sent < data.size()) {
        const auto rest = data.substr(sent);
        if (ssl_) {
            ::ERR_clear_error();
            const int size = static_cast<int>(std::min<std::size_t>(rest.size(), 1 << 20));
            const int written = ::SSL_write(ssl_.get(), rest.data(), size);
            if (written > 0) {
                sent += static_cast<std::size_t>(written);
            } else if (auto waited = wait_for_ssl(written, timeout_, "writing"); !waited) {
                // A record that was begun may yet be complete at the other end.
                sent = std::min(data.size(), sent + static_cast<std::size_t>(size));
                return waited;
            }
            continue;
        }
        const auto written = ::send(handle_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (written > 0) {
            sent += static_cast<std::size_t>(written);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (auto waited = wait_for(POLLOUT, timeout_, "writing"); !waited) return waited;
        } else if (errno != EINTR) {
            return failed("writing", system_text(errno));
        }
    }
    return {};
}

Result<std::size_t> Socket::read(std::span<char> buffer, std::chrono::milliseconds extra) {
    const auto limit = timeout_ + extra;
    while (true) {
        if (ssl_) {
            ::ERR_clear_error();
            const int size = ::SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
            if (size > 0) return static_cast<std::size_t>(size);
            if (auto waited = wait_for_ssl(size, limit, "reading"); !waited) return waited.error();
            continue;
        }
        const auto size = ::recv(handle_, buffer.data(), buffer.size(), 0);
        if (size > 0) return static_cast<std::size_t>(size);
        if (size == 0) return failed("reading", "the server closed it.");
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (auto waited = wait_for(POLLIN, limit, "reading"); !waited) return waited.error();
        } else if (errno != EINTR) {
            return failed("reading", system_text(errno));
        }
    }
}

bool Socket::is_quiet() const {
    if (ssl_ && ::SSL_pending(ssl_.get()) > 0) return false;
    pollfd waited{.fd = handle_, .events = POLLIN | POLLRDHUP, .revents = 0};
    return ::poll(&waited, 1, 0) == 0;
}

}  // namespace dtmd::store::redis
