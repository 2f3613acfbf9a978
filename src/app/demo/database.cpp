#include "app/demo/database.h"

#include <sqlite3.h>

namespace dtmd::app {

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::string& file) {
    Database database;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open(file.c_str(), &handle);
    database.handle_.reset(handle);
    if (code != SQLITE_OK) {
        return Error{Errc::unavailable, "can't open the bank's database " + file + ": " + sqlite3_errstr(code)};
    }
    sqlite3_busy_timeout(handle, 5'000);
    // The barrier is worth nothing if a commit can vanish, so a commit reaches the disk before it is answered.
    const auto prepared = database.execute("pragma journal_mode = wal; pragma synchronous = full");
    if (!prepared) return Error{Errc::unavailable, file + ": " + prepared.error().what};
    return database;
}

Result<void> Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return Error{Errc::unavailable, std::string("SQLite: ") + sqlite3_errmsg(handle())};
    return {};
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    statement_.reset(statement);
}

Statement& Statement::bind(std::string_view text) {
    sqlite3_bind_text(statement_.get(), ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
}

Statement& Statement::bind(std::int64_t number) {
    sqlite3_bind_int64(statement_.get(), ++bound_, number);
    return *this;
}

Result<int> Statement::run() {
    const auto row = step();
    if (!row) return row.error();
    return sqlite3_changes(database_.handle());
}

Result<bool> Statement::step() {
    if (!statement_) return error();
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return error();
}

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return bytes ? std::string(bytes) : std::string();
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

Error Statement::error() const {
    return {Errc::unavailable, std::string("SQLite: ") + sqlite3_errmsg(database_.handle())};
}

}  // namespace dtmd::app
