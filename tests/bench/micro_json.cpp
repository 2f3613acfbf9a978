// JSON in and out, as the HTTP surface reads and writes it.
#include "api/json/objects.h"
#include "api/json/requests.h"
#include "bench/micro_samples.h"

#include <benchmark/benchmark.h>

namespace dtmd::micro {
namespace {

void read_submit(benchmark::State& state) {
    const std::string body = submit_body(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        auto read = api::read_transaction(body);
        if (!read) return state.SkipWithError(read.error().what.c_str());
        benchmark::DoNotOptimize(read);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void write_transaction(benchmark::State& state) {
    const txn::Transaction transaction = saga(static_cast<std::size_t>(state.range(0)));
    std::size_t bytes = 0;
    for (auto _ : state) {
        std::string out;
        api::append_transaction(out, transaction);
        api::append_branches(out, transaction);
        bytes += out.size();
        benchmark::DoNotOptimize(out);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

BENCHMARK(read_submit)->Name("json/read a submit of a saga of")->Arg(2)->Arg(50);
BENCHMARK(write_transaction)->Name("json/write a transaction and its branches, saga of")->Arg(2)->Arg(50);

}  // namespace
}  // namespace dtmd::micro
