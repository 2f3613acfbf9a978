#pragma once

#include "store/postgres/postgres_backend.h"
#include "store_contract/backends.h"

namespace dtmd::store::test {

/// PostgreSQL on a private server, one schema for each test.
std::vector<Candidate> postgres_candidates();

/// A schema of its own on the shared server, gone when this is.
class PostgresSchema {
public:
    PostgresSchema();
    ~PostgresSchema();
    PostgresSchema(const PostgresSchema&) = delete;
    PostgresSchema& operator=(const PostgresSchema&) = delete;

    const std::string& name() const { return name_; }
    PostgresOptions options() const;

    /// Statements of the server's owner, with this schema first on the search path.
    std::vector<std::string> run(const std::string& statements) const;

private:
    const std::string name_;
};

/// One backend of its own; the test fails if it can't be made.
std::unique_ptr<Backend> open_backend(PostgresOptions options);

}  // namespace dtmd::store::test
