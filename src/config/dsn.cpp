#include "config/internal.h"

#include <charconv>

namespace dtmd::config {

std::string read_dsn(const std::string& dsn, Store& store) {
    const std::string expected = "expected user:password@tcp(host:port)/database";
    const auto at = dsn.rfind("@tcp(");
    if (at == dsn.npos) return expected;
    const auto close = dsn.find(')', at);
    if (close == dsn.npos || close + 1 >= dsn.size() || dsn[close + 1] != '/') return expected;

    const std::string login = dsn.substr(0, at);
    const std::string address = dsn.substr(at + 5, close - at - 5);
    const std::string rest = dsn.substr(close + 2);
    const auto colon = address.rfind(':');
    const std::string port = colon == address.npos ? "3306" : address.substr(colon + 1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535) {
        return expected + ": '" + port + "' is no port";
    }
    store.user = login.substr(0, login.find(':'));
    store.password = login.find(':') == login.npos ? "" : login.substr(login.find(':') + 1);
    store.host = address.substr(0, colon);
    store.port = number;
    if (const std::string db = rest.substr(0, rest.find('?')); !db.empty()) store.db = db;
    return {};
}

}  // namespace dtmd::config
