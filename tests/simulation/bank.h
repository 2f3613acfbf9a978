#pragma once

#include "context.h"
#include "txn/transaction.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dtmd::simulation {

/// What reaches a participant: which op of which branch, and at which of its addresses.
struct Arrival {
    std::string gid, branch_id, op, trans_type, url;
};

/// What one branch does to an account, as its URL says it: "http://bank<host>/<kind>/<account>/<amount>".
struct Movement {
    enum class Kind : std::uint8_t { out, in, note, refuse };
    Kind kind = Kind::note;  ///< note: moves nothing. refuse: always answers with a failure, and does nothing.
    int account = 0;
    std::int64_t amount = 0;

    std::string url() const;
    static Movement of(std::string_view url);
};

/// The participants: accounts on several hosts, behind dtm's barrier (protocol.md 10.1), so that any call may come any
/// number of times and in any order. What has left one account and has not reached another yet is accounted for by gid.
class Bank {
public:
    explicit Bank(Context& context);

    static constexpr int accounts = 12, hosts = 6;
    static int host_of(int account) { return account % hosts; }
    static std::string address(int host) { return "http://bank" + std::to_string(host) + "/"; }

    /// Does it, or refuses: true is success. Every op of every mode but the two below.
    bool perform(const Arrival& arrival);
    /// A message's local transaction at its sender; false: it was rolled back, or has been asked about already.
    bool send_locally(const std::string& gid, const Movement& movement);
    /// A message's check-back: true if the local transaction was committed.
    bool was_sent(const std::string& gid);

    /// The transaction has ended: nothing of it may be on its way, now or ever after.
    void ended(const txn::Transaction& row);
    void check_total() const;

    /// Whose records a failover has taken back: their money is as it may be.
    std::function<bool(const std::string& gid)> excuses;

private:
    struct Branch {
        bool forward_done = false, back_done = false;  ///< Really, not just absorbed by the barrier.
        bool tried = false;
    };
    struct Account {
        std::int64_t on_its_way = 0;  ///< Has left its account.
        std::int64_t held = 0;        ///< Is blocked on its account by a first phase.
        bool ended = false;
        std::map<std::string, Branch> branches;
        std::map<std::string, std::string> barrier;  ///< "branch/op" to the op that made the entry.
    };

    bool enter(Account& account, const std::string& branch_id, std::string_view op, std::string_view reason);
    bool carry_out(Account& account, const Arrival& arrival, const Movement& movement);
    bool move(Account& account, const Movement& movement, bool back, bool overdraws);
    void check_phases(Branch& branch, const Arrival& arrival);
    void complain(const std::string& gid, const std::string& what) const;
    void check_ended(const std::string& gid, const Account& account);

    Context& context_;
    std::vector<std::int64_t> balances_;
    std::int64_t total_ = 0;
    std::unordered_map<std::string, Account> by_gid_;
};

}  // namespace dtmd::simulation
