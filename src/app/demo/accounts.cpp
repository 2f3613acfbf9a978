#include "app/demo/accounts.h"

#include <algorithm>
#include <iterator>

namespace dtmd::app {
namespace {

constexpr Operation operations[] = {
    // Saga and message: the money moves at once, and back if need be.
    {"/out", "update account set balance = balance - ?1 where name = ?2 and balance - frozen >= ?1"},
    {"/out-undo", "update account set balance = balance + ?1 where name = ?2"},
    {"/in", "update account set balance = balance + ?1 where name = ?2"},
    {"/in-undo", "update account set balance = balance - ?1 where name = ?2"},
    // TCC: try reserves, confirm moves, cancel lets go.
    {"/out-try", "update account set frozen = frozen + ?1 where name = ?2 and balance - frozen >= ?1"},
    {"/out-confirm", "update account set balance = balance - ?1, frozen = frozen - ?1 where name = ?2"},
    {"/out-cancel", "update account set frozen = frozen - ?1 where name = ?2"},
    {"/in-try", "update account set incoming = incoming + ?1 where name = ?2"},
    {"/in-confirm", "update account set balance = balance + ?1, incoming = incoming - ?1 where name = ?2"},
    {"/in-cancel", "update account set incoming = incoming - ?1 where name = ?2"},
};

Error why_refused(Database& database, const std::string& account, std::int64_t amount) {
    Statement statement(database, "select balance - frozen from account where name = ?");
    statement.bind(account);
    const auto found = statement.step();
    if (!found) return found.error();
    if (!*found) return {Errc::conflict, "there is no account '" + account + "'"};
    const std::string has = std::to_string(statement.number(0));
    return {Errc::conflict, "insufficient funds: " + account + " has " + has + ", not " + std::to_string(amount)};
}

}  // namespace

const Operation* find_operation(std::string_view path) {
    const auto* found = std::ranges::find(operations, path, &Operation::path);
    return found == std::end(operations) ? nullptr : found;
}

Result<void> open_accounts(Database& database, const std::vector<Account>& opening) {
    const auto created = database.execute(
        "create table if not exists account(name text primary key, balance integer not null,"
        " frozen integer not null default 0, incoming integer not null default 0)");
    if (!created) return created.error();
    for (const Account& account : opening) {
        Statement statement(database, "insert or ignore into account(name, balance) values(?, ?)");
        const auto inserted = statement.bind(account.name).bind(account.balance).run();
        if (!inserted) return inserted.error();
    }
    return {};
}

Result<void> carry_out(Database& database, const Operation& operation, const std::string& account,
                       std::int64_t amount) {
    Statement statement(database, operation.sql);
    const auto changed = statement.bind(amount).bind(account).run();
    if (!changed) return changed.error();
    if (*changed == 0) return why_refused(database, account, amount);
    return {};
}

Result<std::vector<Account>> read_accounts(Database& database) {
    Statement statement(database, "select name, balance, frozen, incoming from account order by name");
    std::vector<Account> accounts;
    while (true) {
        const auto row = statement.step();
        if (!row) return row.error();
        if (!*row) return accounts;
        accounts.push_back({statement.text(0), statement.number(1), statement.number(2), statement.number(3)});
    }
}

}  // namespace dtmd::app
