// A process to be killed. Usage: store_writer hold|write FOLDER
//   hold   opens the store, says "open", and keeps it until its input ends.
//   write  inserts and finishes sagas for ever; says "<gid> <status>" once the store has acknowledged it.

#include "store/rocksdb/rocksdb_backend.h"

#include <unistd.h>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace dtmd;
using namespace dtmd::store;

// In one system call, past all buffers: what was said was acknowledged.
void say(const std::string& text) {
    if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(2);
}

Mutation insertion(const std::string& gid, std::int64_t number) {
    Mutation mutation;
    mutation.change = Change::insert;
    mutation.gid = mutation.record.gid = gid;
    mutation.record.status = txn::Status::submitted;
    mutation.record.create_time = mutation.record.next_cron_time = Time(Millis(1'700'000'000'000 + number));
    txn::Branch& branch = mutation.record.branches.emplace_back();
    branch.branch_id = "01";
    branch.op = "action";
    branch.body = std::string(500, 'b');
    return mutation;
}

Mutation finish(const std::string& gid) {
    Mutation mutation;
    mutation.gid = gid;
    mutation.expect = txn::Status::submitted;
    mutation.patch.status = txn::Status::succeed;
    mutation.patch.finish_time = Time(Millis(1'800'000'000'000));
    return mutation;
}

bool write(Backend& backend, const std::vector<Mutation>& batch) {
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    const auto written = backend.apply(batch, outcomes);
    if (!written) std::fprintf(stderr, "%s\n", written.error().what.c_str());
    for (const auto outcome : outcomes) {
        if (outcome != Outcome::ok) return false;
    }
    return written.has_value();
}

int write_for_ever(Backend& backend) {
    const std::string run = std::to_string(::getpid()) + "-";
    for (std::int64_t i = 0;; ++i) {
        const std::string gid = run + std::to_string(i);
        std::vector<Mutation> batch;
        batch.push_back(insertion(gid, i));
        if (i > 0) batch.push_back(finish(run + std::to_string(i - 1)));
        if (!write(backend, batch)) return 1;
        std::string said = gid + " submitted\n";
        if (i > 0) said += run + std::to_string(i - 1) + " succeed\n";
        say(said);
    }
}

int hold() {
    say("open\n");
    char byte;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) return 64;
    const auto factory = open_rocksdb({.path = arguments[2], .memory_mb = 16});
    if (!factory) {
        std::fprintf(stderr, "%s\n", factory.error().what.c_str());
        return 1;
    }
    const auto backend = (*factory)();
    return std::string(arguments[1]) == "hold" ? hold() : write_for_ever(*backend);
}
