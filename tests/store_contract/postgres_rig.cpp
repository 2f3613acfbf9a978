#include "store_contract/postgres_rig.h"

#include "store_contract/mysql_rig.h"
#include "store_contract/servers/postgres.h"

#include <stdexcept>

namespace dtmd::store::test {
namespace {

class PostgresRig final : public Rig {
public:
    BackendFactory open() override {
        auto factory = open_postgres(schema_.options());
        if (!factory) throw std::runtime_error(factory.error().what);
        return *std::move(factory);
    }

private:
    const PostgresSchema schema_;
};

}  // namespace

std::vector<Candidate> postgres_candidates() {
    std::vector<Candidate> all;
    all.push_back({.name = "postgres",
                   .make_rig = [] { return std::make_unique<PostgresRig>(); },
                   .tick = std::chrono::seconds(1),
                   .keeps_owners = true,
                   .any_bytes = false,
                   .as_kept = &as_rows_keep});
    return all;
}

PostgresSchema::PostgresSchema() : name_(PostgresServer::fresh_name()) {}

PostgresSchema::~PostgresSchema() { PostgresServer::shared().run("DROP SCHEMA IF EXISTS " + name_ + " CASCADE"); }

PostgresOptions PostgresSchema::options() const { return PostgresServer::shared().options(name_); }

std::vector<std::string> PostgresSchema::run(const std::string& statements) const {
    return PostgresServer::shared().run("SET search_path=" + name_ + ";" + statements);
}

std::unique_ptr<Backend> open_backend(PostgresOptions options) {
    auto factory = open_postgres(std::move(options));
    if (!factory) throw std::runtime_error(factory.error().what);
    return (*factory)();
}

}  // namespace dtmd::store::test
