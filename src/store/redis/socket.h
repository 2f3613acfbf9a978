#pragma once

#include "base/result.h"
#include "store/redis/address.h"
#include "store/redis/redis_backend.h"

#include <openssl/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dtmd::store::redis {

/// TLS settings, read from their files once and then shared by all connections. Thread-safe after it was made.
class TlsContext {
public:
    /// Errors: `invalid`, naming the file.
    static Result<std::shared_ptr<TlsContext>> make(const RedisTls& options);

    SSL_CTX* get() const { return context_.get(); }
    const RedisTls& options() const { return options_; }

private:
    struct Free {
        void operator()(SSL_CTX* context) const;
    };
    explicit TlsContext(RedisTls options) : options_(std::move(options)) {}

    const RedisTls options_;
    std::unique_ptr<SSL_CTX, Free> context_;
};

/// A connected TCP socket, plain or TLS, whose every wait has a limit. Closed when destroyed.
///
/// Threads: one at a time. Errors: `unavailable` with a text that names the address; after one it is of no more use.
class Socket {
public:
    /// @param tls  null: plain.
    static Result<std::unique_ptr<Socket>> connect(const Address& address, std::shared_ptr<TlsContext> tls,
                                                   std::chrono::milliseconds connect_timeout,
                                                   std::chrono::milliseconds timeout);
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// Writes all of it. `sent` is how much the system took, also when it fails: what was not taken is never executed.
    Result<void> write(std::string_view data, std::size_t& sent);

    /// Reads at least one byte, within `extra` beyond the usual time. The end of the stream is an error.
    Result<std::size_t> read(std::span<char> buffer, std::chrono::milliseconds extra);

    /// Nothing has come that nobody asked for: neither the end of the stream nor stray bytes.
    bool is_quiet() const;

private:
    struct FreeSsl {
        void operator()(SSL* ssl) const;
    };
    Socket(Address address, int handle, std::chrono::milliseconds timeout);

    Result<void> start_tls(std::shared_ptr<TlsContext> tls);
    Result<void> wait_for(short events, std::chrono::milliseconds limit, std::string_view what) const;
    Result<void> wait_for_ssl(int result, std::chrono::milliseconds limit, std::string_view what) const;
    Error failed(std::string_view what, const std::string& why) const;

    const Address address_;
    const int handle_;
    const std::chrono::milliseconds timeout_;
    std::shared_ptr<TlsContext> tls_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace dtmd::store::redis
