#include "store/rocksdb/database.h"

#include "observe/log.h"

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace dtmd::store::rocks {
namespace {

constexpr std::size_t mebibyte = 1 << 20;

// RocksDB's own log file would end the process when the disk is full (its debug checks refuse a second failing write,
// and distributions build with them), so what it has to say goes into ours.
class ForwardingLogger final : public rocksdb::Logger {
public:
    ForwardingLogger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

    using Logger::Logv;
    void Logv(const char*, va_list) override {}  // Messages without a level: headers and statistics.

    void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
        if (level < rocksdb::InfoLogLevel::WARN_LEVEL || level >= rocksdb::InfoLogLevel::HEADER_LEVEL) return;
        char text[1000];
        std::vsnprintf(text, sizeof text, format, arguments);
        log::warn("store.rocksdb", {{"message", text}});
    }
};

bool has_lz4() {
    const auto supported = rocksdb::GetSupportedCompressions();
    return std::ranges::find(supported, rocksdb::kLZ4Compression) != supported.end();
}

void set_up_memory(rocksdb::Options& out, std::size_t bytes) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(bytes / 2, /*num_shard_bits=*/2);
    table.cache_index_and_filter_blocks = true;  // Or they would grow with the data, outside the limit.
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    // One filter for a whole file of a million transactions is 7 MB: more than the cache keeps, so that each look-up
    // read it anew. In pieces only what is needed is read and stays.
    table.partition_filters = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.metadata_block_size = 4096;
    table.pin_top_level_index_and_filter = true;
    table.format_version = 5;
    out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

    // One being filled; the others wait to be flushed, so that a busy disk does not stop writing at once.
    out.write_buffer_size = bytes / 8;
    out.max_write_buffer_number = 4;
    out.db_write_buffer_size = bytes / 2;  // Of all column families together.
    out.max_total_wal_size = bytes;
    out.memtable_whole_key_filtering = true;  // Most looks for a new gid end here.
    out.memtable_prefix_bloom_size_ratio = 0.02;
    // Each kind of key grows at one end, since gids and times do: looking beside the last one of its kind (the first
    // byte) finds its place in a few comparisons.
    out.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
}

// Files are merged whole. With millions of small records in one file, a few thousand new ones that fall into its range
// would have all of them rewritten; and what comes from level 0 at gids all over the range rewrites all of the first
// level. So both stay in proportion to what is flushed at once, and the files of deeper levels grow, to stay few.
void set_up_levels(rocksdb::Options& out, std::size_t bytes) {
    out.level_compaction_dynamic_level_bytes = true;
    out.max_bytes_for_level_base = bytes / 4;
    out.target_file_size_base = bytes / 32;
    out.target_file_size_multiplier = 4;
    // Our flushed files are small, so many of them are no reason yet to slow writers down.
    out.level0_slowdown_writes_trigger = 40;
    out.level0_stop_writes_trigger = 80;
}

void set_up_compression(rocksdb::Options& out) {
    const auto compression = has_lz4() ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
    out.compression = compression;
    // What was just flushed is soon rewritten: compressing it is lost effort.
    out.compression_per_level.assign(static_cast<std::size_t>(out.num_levels), compression);
    out.compression_per_level[0] = rocksdb::kNoCompression;
}

}  // namespace

rocksdb::Options tuned(const RocksDbOptions& options) {
    rocksdb::Options out;
    out.create_if_missing = options.create_if_missing;
    const std::size_t bytes = std::max<std::size_t>(options.memory_mb, 8) * mebibyte;
    set_up_memory(out, bytes);
    set_up_levels(out, bytes);
    set_up_compression(out);

    // A torn end of the log was never acknowledged and is dropped. Damage before it would lose acknowledged changes
    // without a word (RocksDB's default), so opening fails instead.
    out.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    out.avoid_flush_during_recovery = true;
    out.skip_stats_update_on_db_open = true;
    out.max_open_files = 256;

    out.max_background_jobs = 2;
    out.bytes_per_sync = mebibyte;                // So that flushing does not delay the log's syncs with one big one.
    out.allow_concurrent_memtable_write = false;  // There is one writer.
    out.enable_write_thread_adaptive_yield = false;

    out.info_log = std::make_shared<ForwardingLogger>();
    out.stats_dump_period_sec = 0;
    out.stats_persist_period_sec = 0;
    return out;
}

}  // namespace dtmd::store::rocks
