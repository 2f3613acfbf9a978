#include "store/postgres/session.h"

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <new>
#include <optional>

namespace dtmd::store::postgres {
namespace {

// Where Debian and most others keep the authorities that the system trusts; libpq 15 can't ask for them by name.
constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

constexpr std::uint16_t usual_port = 5432;

class Keywords {
public:
    void set(const char* name, std::string value) {
        names_.push_back(name);
        values_.push_back(std::move(value));
    }

    PGconn* start() const {
        std::vector<const char*> names(names_), values;
        for (const auto& value : values_) values.push_back(value.c_str());
        names.push_back(nullptr);
        values.push_back(nullptr);
        return PQconnectStartParams(names.data(), values.data(), 0);
    }

private:
    std::vector<const char*> names_;
    std::vector<std::string> values_;
};

void set_tls(Keywords& keywords, const PostgresTls& tls) {
    const auto set_file = [&](const char* name, const std::string& file) {
        if (!file.empty()) keywords.set(name, file);
    };
    switch (tls.mode) {
        case PostgresTls::Mode::off: keywords.set("sslmode", "disable"); return;
        case PostgresTls::Mode::require: keywords.set("sslmode", "require"); break;
        case PostgresTls::Mode::verify: keywords.set("sslmode", "verify-full"); break;
    }
    const bool by_system = tls.mode == PostgresTls::Mode::verify && tls.ca_file.empty();
    set_file("sslrootcert", by_system ? system_authorities : tls.ca_file);
    set_file("sslcert", tls.cert_file);
    set_file("sslkey", tls.key_file);
}

Keywords keywords_for(const PostgresOptions& options, const sql::Endpoint& host, const std::string& database) {
    Keywords keywords;
    const bool by_socket = !options.unix_socket.empty();
    keywords.set("host", by_socket ? options.unix_socket : host.host);
    keywords.set("port", std::to_string(host.port == 0 ? usual_port : host.port));
    keywords.set("user", options.user);
    keywords.set("password", options.password);
    keywords.set("dbname", database);
    keywords.set("application_name", "dtmd");
    keywords.set("client_encoding", "UTF8");
    keywords.set("gssencmode", "disable");
    keywords.set("tcp_user_timeout", std::to_string(std::chrono::milliseconds(options.timeout).count()));
    keywords.set("keepalives_idle", "10");
    keywords.set("keepalives_interval", "5");
    keywords.set("keepalives_count", "3");
    if (!by_socket) set_tls(keywords, options.tls);
    return keywords;
}

// libpq tells the code of a failed connection only inside the text: "... failed: FATAL:  3D000: database ...".
struct Refusal {
    std::string_view code, message;
};

Refusal read_refusal(std::string_view text) {
    const auto is_code = [](std::string_view part) {
        return part.size() == 5 &&
               std::ranges::all_of(part, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    };
    Refusal refusal;
    for (std::size_t at = 0; (at = text.find(":  ", at)) != text.npos; at += 3) {
        const auto code = text.substr(at + 3, 5);
        if (!is_code(code) || text.substr(at + 8, 2) != ": ") continue;
        refusal = {code, text.substr(at + 10)};
    }
    if (refusal.code.empty()) {
        constexpr std::string_view prefix = " failed: ";
        const auto found = text.rfind(prefix);
        refusal.message = found == text.npos ? text : text.substr(found + prefix.size());
    }
    refusal.message = refusal.message.substr(0, refusal.message.find('\n'));
    return refusal;
}

}  // namespace

Attempt<void> Session::open(const PostgresOptions& options, const sql::Endpoint& host, const std::string& database) {
    using Clock = std::chrono::steady_clock;
    connection_.reset(keywords_for(options, host, database).start());
    PGconn* const c = connection_.get();
    if (c == nullptr) throw std::bad_alloc();
    PQsetErrorVerbosity(c, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(c, &Session::notice, this);
    const auto deadline = Clock::now() + options.connect_timeout;
    auto status = PQstatus(c) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) {
            const auto refusal = read_refusal(PQerrorMessage(c));
            return failure_of(server_, refusal.code, refusal.message, true);
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        const auto ready = wait(status == PGRES_POLLING_READING ? POLLIN : POLLOUT, left);
        if (!ready) {
            return failure_of(server_, {},
                              "no connection within " + std::to_string(options.connect_timeout.count()) + " s", true);
        }
        status = PQconnectPoll(c);
    }
    if (PQsetnonblocking(c, 1) != 0 || PQenterPipelineMode(c) != 1) return lost();
    return {};
}

}  // namespace dtmd::store::postgres
