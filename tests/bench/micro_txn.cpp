// What a transaction costs in src/txn: from its steps to its end.
#include "base/time.h"
#include "bench/micro_samples.h"
#include "txn/decide.h"

#include <benchmark/benchmark.h>

namespace dtmd::micro {
namespace {

const txn::Policy policy;
const Time now(Millis(1'790'000'001'000));

void decide_once(benchmark::State& state) {
    const txn::Transaction transaction = saga(static_cast<std::size_t>(state.range(0)));
    txn::Live live = txn::make_live(transaction, policy);
    live.branches.resize(transaction.branches.size());
    for (auto _ : state) benchmark::DoNotOptimize(txn::decide(transaction, live, now, policy));
}

// Every call of it succeeds at once.
void run_to_the_end(txn::Transaction& transaction) {
    txn::Live live = txn::make_live(transaction, policy);
    live.branches.resize(transaction.branches.size());
    for (;;) {
        const txn::Decision decision = txn::decide(transaction, live, now, policy);
        if (decision.turn) {
            txn::apply_turn(transaction, live, *decision.turn, now);
            continue;
        }
        if (decision.calls.empty()) return;
        for (const std::size_t row : decision.calls) {
            txn::apply_answer(transaction, live, row, txn::Answer::success, "", now, policy, 0.5);
        }
    }
}

void whole_saga(benchmark::State& state) {
    const auto steps = static_cast<std::size_t>(state.range(0));
    const txn::Transaction fresh = saga(steps);
    for (auto _ : state) {
        txn::Transaction transaction = fresh;
        run_to_the_end(transaction);
        if (transaction.status != txn::Status::succeed) state.SkipWithError("it did not succeed");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void make_branches(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(saga(static_cast<std::size_t>(state.range(0))));
}

BENCHMARK(decide_once)->Name("txn/decide once, saga of")->Arg(2)->Arg(50);
BENCHMARK(whole_saga)->Name("txn/copy, then decide and apply to the end, saga of")->Arg(2)->Arg(10)->Arg(50);
BENCHMARK(make_branches)->Name("txn/make the branches of a saga of")->Arg(2)->Arg(50);

}  // namespace
}  // namespace dtmd::micro
