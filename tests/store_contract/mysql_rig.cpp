#include "store_contract/mysql_rig.h"

#include "store/sql/row.h"
#include "store_contract/servers/mariadb.h"

#include <stdexcept>

namespace dtmd::store::test {
namespace {

class MySqlRig final : public Rig {
public:
    ~MySqlRig() override { MariaDb::shared().run("DROP DATABASE IF EXISTS " + database_); }

    BackendFactory open() override {
        auto factory = open_mysql(MariaDb::shared().options(database_));
        if (!factory) throw std::runtime_error(factory.error().what);
        return *std::move(factory);
    }

private:
    const std::string database_ = MariaDb::fresh_name();
};

}  // namespace

std::vector<Candidate> mysql_candidates() {
    std::vector<Candidate> all;
    all.push_back({.name = "mysql",
                   .make_rig = [] { return std::make_unique<MySqlRig>(); },
                   .tick = std::chrono::seconds(1),
                   .keeps_owners = true,
                   .any_bytes = false,
                   .as_kept = &as_rows_keep});
    return all;
}

std::unique_ptr<Backend> open_backend(MySqlOptions options) {
    auto factory = open_mysql(std::move(options));
    if (!factory) throw std::runtime_error(factory.error().what);
    return (*factory)();
}

txn::Transaction as_rows_keep(txn::Transaction transaction) {
    sql::rebuild_steps(transaction);
    return transaction;
}

}  // namespace dtmd::store::test
