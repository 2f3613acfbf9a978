#pragma once

#include "app/demo/accounts.h"
#include "app/demo/barrier.h"
#include "net/http_server.h"

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dtmd::app {

/// A small bank: one SQLite file of accounts behind an HTTP service with a thread of its own. Everything that moves
/// money goes through the barrier.
///
///   POST /out, /in, /out-undo, ...   body {"account":"alice","amount":30}; see accounts.cpp
///   GET  /query-prepared             whether a message's local transaction was committed
///
/// 200 done (or nothing to do), 409 refused, 500 broken.
class Bank {
public:
    struct Options {
        std::string file;                ///< SQLite, created if it is not there.
        std::string host = "127.0.0.1";  ///< To listen on, and where the coordinator is told to call.
        std::vector<Account> opening;    ///< Accounts to begin with, where they don't exist.
    };

    static Result<std::unique_ptr<Bank>> open(Options options);
    ~Bank();

    /// The address of one of its operations, for the coordinator.
    std::string url(std::string_view path) const;

    Result<std::vector<Account>> accounts();

    /// The local transaction of message `gid`, as the bank's own program would run it: takes `amount` from `account`,
    /// behind the barrier. Repeating it is harmless.
    Result<void> pay_out_locally(std::string gid, std::string account, std::int64_t amount);

    /// Stops listening; calls are refused by the operating system, as when a service crashed. reopen() takes the same
    /// port again.
    void close_counter();
    Result<void> reopen();

private:
    Bank(Options options, Database database);

    Result<void> listen(std::uint16_t port);
    net::HttpResponse answer(const net::HttpRequest& request);
    net::HttpResponse move_money(const Operation& operation, BranchCall call, const std::string& body);

    Options options_;
    Database database_;  ///< Used on the loop's thread only, once that runs.
    net::AsioLoop loop_;
    std::unique_ptr<net::HttpServer> server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace dtmd::app
