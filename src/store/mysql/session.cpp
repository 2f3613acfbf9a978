#include "store/mysql/session.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <poll.h>
#include <algorithm>
#include <iterator>
#include <mutex>
#include <new>
#include <stdexcept>

namespace dtmd::store::mysql {
namespace {

// Servers we talk to know numbers that the client library's headers lack or call differently.
constexpr unsigned er_option_prevents_statement = 1290, er_read_only_transaction = 1792, er_read_only_mode = 1836,
                   er_unknown_com = 1047, er_connection_killed = 1927, er_idle_kill_8 = 4031, er_idle_kill_maria = 1926,
                   er_group_rollback = 3101, er_snapshot_conflict = 1020, er_xa_deadlock = 1614,
                   er_disk_full_temporarily = 1021;

constexpr unsigned long client_packet_bytes = 1UL << 30;  // The protocol's own limit; the server's counts.

// Longer packets only delay the first of their statements.
constexpr std::size_t packet_bytes = 4 << 20;

Fault fault_of(unsigned code) {
    switch (code) {
        case ER_LOCK_DEADLOCK:
        case er_snapshot_conflict:
        case er_xa_deadlock:
        case er_group_rollback: return Fault::rolled_back;
        case er_option_prevents_statement:
        case er_read_only_transaction:
        case er_read_only_mode:
        case er_unknown_com: return Fault::demoted;
        case ER_LOCK_WAIT_TIMEOUT: return Fault::locked;
        case ER_DATA_OUT_OF_RANGE: return Fault::mistaken;  // See BatchPlan::make_sure.
        case ER_DUP_ENTRY:
        case ER_DUP_ENTRY_WITH_KEY_NAME: return Fault::duplicate;
        case ER_SERVER_SHUTDOWN:
        case er_connection_killed:
        case er_idle_kill_8:
        case er_idle_kill_maria: return Fault::lost;
        default: return code >= CR_MIN_ERROR && code <= CR_MAX_ERROR ? Fault::lost : Fault::refused;
    }
}

std::string_view remedy_of(unsigned code) {
    switch (code) {
        case ER_ACCESS_DENIED_ERROR: return "Check Store.User and Store.Password";
        case ER_DBACCESS_DENIED_ERROR:
        case ER_TABLEACCESS_DENIED_ERROR: return "Grant the user SELECT, INSERT, UPDATE and DELETE on the database";
        case ER_BAD_DB_ERROR:
        case ER_NO_SUCH_TABLE:
        case ER_BAD_FIELD_ERROR: return "Run `dtmd schema check`, then `dtmd schema apply`";
        case ER_CON_COUNT_ERROR: return "Raise the server's max_connections, or lower Store.Writers and Store.Readers";
        case er_disk_full_temporarily:
        case ER_RECORD_FILE_FULL: return "Free some space on the server's disk";
        case er_unknown_com: return "The node is not part of its cluster now";
        case er_option_prevents_statement:
        case er_read_only_transaction:
        case er_read_only_mode: return "The server is read-only; dtmd tries the next host";
        case ER_LOCK_WAIT_TIMEOUT: return "Another client holds a lock on the same rows for long";
        case CR_CONNECTION_ERROR:
        case CR_CONN_HOST_ERROR:
        case CR_UNKNOWN_HOST: return "Check that it runs, and Store.Host and Store.Port; dtmd goes on by itself";
        case CR_SSL_CONNECTION_ERROR: return "Check Store.Tls and its files, and the server's certificate";
        default: return {};
    }
}

void close(MYSQL* connection) { mysql_close(connection); }

}  // namespace

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::logic_error("value() of a failed attempt: " + failure.what);
}

Session::Session(std::string server) : server_(std::move(server)), connection_(mysql_init(nullptr), &close) {
    if (!connection_) throw std::bad_alloc();
}

void Session::set_options(const MySqlOptions& options) {
    MYSQL* const c = connection_.get();
    const auto connect_seconds = static_cast<unsigned>(std::max<long>(options.connect_timeout.count(), 1));
    const auto seconds = static_cast<unsigned>(std::max<long>(options.timeout.count(), 1));
    const char never = 0, always = 1;
    mysql_options(c, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
    mysql_options(c, MYSQL_OPT_READ_TIMEOUT, &seconds);
    mysql_options(c, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    mysql_options(c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(c, MYSQL_OPT_RECONNECT, &never);  // It would lose the session's settings and a transaction's locks.
    mysql_options(c, MYSQL_OPT_LOCAL_INFILE, nullptr);
    mysql_options(c, MYSQL_OPT_MAX_ALLOWED_PACKET, &client_packet_bytes);
    const unsigned tcp = MYSQL_PROTOCOL_TCP;
    if (options.unix_socket.empty()) mysql_options(c, MYSQL_OPT_PROTOCOL, &tcp);
    if (options.tls.mode == MySqlTls::Mode::off) return;

    const auto file = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
    const bool is_verified = options.tls.mode == MySqlTls::Mode::verify;
    mysql_ssl_set(c, file(options.tls.key_file), file(options.tls.cert_file), file(options.tls.ca_file), nullptr,
                  nullptr);
    mysql_options(c, MYSQL_OPT_SSL_ENFORCE, &always);
    mysql_options(c, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, is_verified ? &always : &never);
}

Attempt<std::unique_ptr<Session>> Session::connect(const MySqlOptions& options, const sql::Endpoint& host) {
    static std::once_flag library;  // mysql_init does this by itself, but not safely for several threads at once.
    std::call_once(library, [] { mysql_server_init(0, nullptr, nullptr); });

    const bool by_socket = !options.unix_socket.empty();
    std::unique_ptr<Session> session(new Session(by_socket ? options.unix_socket : host.text()));
    session->set_options(options);
    MYSQL* const connected = mysql_real_connect(session->connection_.get(), by_socket ? nullptr : host.host.c_str(),
                                                options.user.c_str(), options.password.c_str(), nullptr, host.port,
                                                by_socket ? options.unix_socket.c_str() : nullptr,
                                                CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS);
    if (connected == nullptr) return session->failure();
    // The library goes on in the clear with a server that has no TLS, whatever was asked for.
    if (options.tls.mode != MySqlTls::Mode::off && mysql_get_ssl_cipher(connected) == nullptr) {
        return Failure{.fault = Fault::refused,
                       .what = "The database at " + session->server_ +
                               " offers no TLS, and Store.Tls asks for it: set the server up for TLS."};
    }

    const auto settings = session->run(
        "SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',autocommit=1,time_zone='+00:00',"
        "innodb_lock_wait_timeout=" +
        std::to_string(options.lock_timeout.count()) + ";SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    if (!settings) return settings.error();
    return session;
}

Attempt<Replies> Session::run(std::string_view statements) {
    MYSQL* const c = connection_.get();
    if (mysql_real_query(c, statements.data(), statements.size()) != 0) return failure();
    Replies replies;
    while (true) {
        MYSQL_RES* const rows = mysql_store_result(c);
        if (rows == nullptr && mysql_field_count(c) != 0) return failure();
        replies.emplace_back(rows, rows == nullptr ? mysql_affected_rows(c) : 0, mysql_insert_id(c));
        const int more = mysql_next_result(c);
        if (more < 0) return replies;
        if (more > 0) return failure();
    }
}

Attempt<Replies> Session::run(const Statements& statements) {
    const std::size_t most = facts.is_galera ? 0 : std::min(packet_bytes, facts.packet_bytes);
    Replies all;
    std::string packet;
    for (const std::string& statement : statements) {
        const bool is_last = &statement == &statements.back();
        packet += (packet.empty() ? "" : ";") + statement;
        if (!is_last && packet.size() + (&statement)[1].size() < most) continue;
        auto replies = run(packet);
        if (!replies) {
            Failure failure = replies.error();
            failure.had_sent_all = is_last;
            return failure;
        }
        std::ranges::move(*replies, std::back_inserter(all));
        packet.clear();
    }
    return all;
}

Attempt<bool> Session::use(const std::string& database) {
    if (mysql_select_db(connection_.get(), database.c_str()) == 0) return true;
    if (mysql_errno(connection_.get()) == ER_BAD_DB_ERROR) return false;
    return failure();
}

bool Session::is_stale() const {
    pollfd socket{.fd = mysql_get_socket(connection_.get()), .events = POLLIN | POLLRDHUP, .revents = 0};
    return ::poll(&socket, 1, 0) != 0;  // Nothing is to be read between two packets, so this is an end.
}

void Session::append_escaped(std::string& out, std::string_view bytes) const {
    const std::size_t before = out.size();
    out.resize(before + 2 * bytes.size() + 1);
    const auto written = mysql_real_escape_string(connection_.get(), out.data() + before, bytes.data(), bytes.size());
    out.resize(before + written);
}

Failure Session::failure() const {
    const unsigned code = mysql_errno(connection_.get());
    std::string what =
        "The database at " + server_ + " says: " + mysql_error(connection_.get()) + " (" + std::to_string(code) + ").";
    if (const auto remedy = remedy_of(code); !remedy.empty()) what += " " + std::string(remedy) + ".";
    return {.fault = fault_of(code), .code = code, .what = std::move(what)};
}

}  // namespace dtmd::store::mysql
