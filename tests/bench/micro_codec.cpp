// Records: RocksDB's protobuf, and dtm's JSON as it lies in Redis.
#include "bench/micro_samples.h"
#include "store/redis/codec.h"
#include "store/rocksdb/codec.h"

#include <benchmark/benchmark.h>

namespace dtmd::micro {
namespace {

namespace rocks = store::rocks;
namespace redis = store::redis;

struct Records {
    std::string fixed, state;
};

Records write_records(const txn::Transaction& transaction) {
    proto::Fixed fixed;
    proto::State changing;
    rocks::encode_fixed(transaction, fixed);
    rocks::encode_state(transaction, changing);
    return {fixed.SerializeAsString(), changing.SerializeAsString()};
}

void encode_rocksdb(benchmark::State& state) {
    const txn::Transaction transaction = saga(static_cast<std::size_t>(state.range(0)));
    proto::Fixed fixed;
    proto::State changing;
    std::string out;
    for (auto _ : state) {
        rocks::encode_fixed(transaction, fixed);
        rocks::encode_state(transaction, changing);
        fixed.SerializeToString(&out);
        benchmark::DoNotOptimize(out);
        changing.SerializeToString(&out);
        benchmark::DoNotOptimize(out);
    }
}

// What each step after the first writes.
void encode_rocksdb_state(benchmark::State& state) {
    const txn::Transaction transaction = saga(static_cast<std::size_t>(state.range(0)));
    proto::State changing;
    std::string out;
    for (auto _ : state) {
        rocks::encode_state(transaction, changing);
        changing.SerializeToString(&out);
        benchmark::DoNotOptimize(out);
    }
}

void decode_rocksdb(benchmark::State& state) {
    const txn::Transaction transaction = saga(static_cast<std::size_t>(state.range(0)));
    const Records records = write_records(transaction);
    for (auto _ : state) {
        proto::Fixed fixed;
        proto::State changing;
        if (!fixed.ParseFromString(records.fixed) || !changing.ParseFromString(records.state)) {
            return state.SkipWithError("the record can't be read");
        }
        auto branches = rocks::decode_fixed_branches(fixed);
        rocks::decode_rows(changing, branches);
        txn::Transaction read = rocks::decode_head(transaction.gid, fixed, changing);
        read.branches = std::move(branches);
        benchmark::DoNotOptimize(read);
    }
}

void encode_redis(benchmark::State& state) {
    const txn::Transaction transaction = saga(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(redis::encode_global(transaction));
        for (const auto& branch : transaction.branches) {
            benchmark::DoNotOptimize(redis::encode_branch(transaction.gid, branch));
        }
    }
}

void decode_redis(benchmark::State& state) {
    const txn::Transaction transaction = saga(static_cast<std::size_t>(state.range(0)));
    redis::Stored stored;
    stored.gid = transaction.gid;
    stored.global = redis::encode_global(transaction);
    stored.status = "submitted";
    for (const auto& branch : transaction.branches) {
        stored.branches.push_back(redis::encode_branch(transaction.gid, branch));
    }
    for (auto _ : state) {
        auto read = redis::decode(stored);
        if (!read) return state.SkipWithError(read.error().what.c_str());
        benchmark::DoNotOptimize(read);
    }
}

BENCHMARK(encode_rocksdb)->Name("codec/to RocksDB's records, saga of")->Arg(2)->Arg(50);
BENCHMARK(encode_rocksdb_state)->Name("codec/to RocksDB's changing record alone, saga of")->Arg(2)->Arg(50);
BENCHMARK(decode_rocksdb)->Name("codec/from RocksDB's records, saga of")->Arg(2)->Arg(50);
BENCHMARK(encode_redis)->Name("codec/to dtm's JSON in Redis, saga of")->Arg(2)->Arg(50);
BENCHMARK(decode_redis)->Name("codec/from dtm's JSON in Redis, saga of")->Arg(2)->Arg(50);

}  // namespace
}  // namespace dtmd::micro
