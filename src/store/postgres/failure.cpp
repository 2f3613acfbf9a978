#include "store/postgres/failure.h"

#include "txn/text.h"
#include "txn/transaction.h"

#include <stdexcept>

namespace dtmd::store::postgres {
namespace {

std::string_view remedy_of(std::string_view code) {
    if (code.starts_with("28")) return "Check Store.User and Store.Password, and the server's pg_hba.conf";
    if (code == "3D000") return "Create the database, or run `dtmd schema apply`";
    if (code == "42501") return "Grant the user SELECT, INSERT, UPDATE and DELETE on dtm's tables";
    if (code == "42P01" || code == "42703") return "Run `dtmd schema check`, then `dtmd schema apply`";
    if (code == "55P03") return "Another client holds a lock on the same rows or tables for long";
    if (code == "53300") return "Raise the server's max_connections, or lower Store.Writers and Store.Readers";
    if (code == "53100") return "Free some space on the server's disk";
    if (code == "25006") return "The server is read-only; dtmd tries the next host";
    if (code == "57P03" || code == "57P01") return "dtmd goes on by itself when it is back";
    if (code.empty()) return "Check that it runs, and Store.Host and Store.Port; dtmd goes on by itself";
    return {};
}

std::string_view trimmed(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('.')) text.remove_suffix(1);
    return text;
}

}  // namespace

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::logic_error("value() of a failed attempt: " + failure.what);
}

Fault fault_of(std::string_view code, bool is_fatal) {
    if (is_fatal || code.empty() || code.starts_with("08")) return Fault::lost;
    if (code == "40003") return Fault::lost;  // The server itself does not know whether it has committed.
    if (code.starts_with("40")) return Fault::rolled_back;
    if (code == "55P03") return Fault::locked;
    if (code == "25006") return Fault::demoted;
    if (code == "23505") return Fault::duplicate;
    if (code == "22012") return Fault::mistaken;  // See BatchPlan::make_sure.
    // A prepared statement is gone (a pooler, DISCARD ALL), or a table was altered since it was prepared.
    if (code == "26000" || code == "0A000") return Fault::stale;
    return Fault::refused;
}

Failure failure_of(const std::string& server, std::string_view code, std::string_view message, bool is_fatal) {
    Failure failure{.fault = fault_of(code, is_fatal), .code = std::string(code)};
    const char* const verb = code.empty() ? " can't be reached: " : " says: ";
    failure.what = "The database at " + server + verb + txn::storable_text(trimmed(message), txn::max_error_text);
    if (!code.empty()) failure.what += " (" + std::string(code) + ")";
    failure.what += ".";
    if (const auto remedy = remedy_of(code); !remedy.empty()) failure.what += " " + std::string(remedy) + ".";
    return failure;
}

}  // namespace dtmd::store::postgres
