#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace dtmd::app {

/// One SQLite file, for the demo bank. Used by one thread at a time; every commit is durable.
class Database {
public:
    /// Opens or creates `file`. Errors: `unavailable`, naming the file and SQLite's reason.
    static Result<Database> open(const std::string& file);

    /// Runs statements that return nothing and take no parameters. Errors: `unavailable`, with SQLite's text.
    Result<void> execute(const std::string& sql);

    sqlite3* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement with its parameters. Bind all of them in order, then run() or step through the rows.
class Statement {
public:
    Statement(Database& database, std::string_view sql);

    Statement& bind(std::string_view text);
    Statement& bind(std::int64_t number);

    /// Runs a statement that returns no rows; how many rows it changed.
    Result<int> run();

    /// Moves to the next row; false: there is none.
    Result<bool> step();

    std::string text(int column) const;
    std::int64_t number(int column) const;

private:
    Error error() const;

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Database& database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;  ///< Null if the SQL could not be compiled.
    int bound_ = 0;
};

}  // namespace dtmd::app
