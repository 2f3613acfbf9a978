#pragma once

#include "base/result.h"

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::store::rocks {

/// Each kind of key that grows with the transactions lies in a column family of its own. A file of RocksDB's covers all
/// keys between its first and its last one: were the kinds in one family, each new file would overlap with all that is
/// stored, and be merged with it, although every kind only grows at one end.
///
/// Thread-safe.
class Families {
public:
    /// What is in the folder: names of families, none if there is no database yet.
    static std::vector<std::string> found_in(const std::string& path);

    /// Whether these are the families of a store, whole or as a crash while it was made has left it.
    static bool are_ours(const std::vector<std::string>& names);

    /// Opens the database with all its families; those that are missing are made.
    static rocksdb::Status open(const rocksdb::Options& options, const std::string& path,
                                std::unique_ptr<rocksdb::DB>& db, Families& families);

    /// The family that a key lies in, told by the key's first byte (keys.h).
    rocksdb::ColumnFamilyHandle* of(const rocksdb::Slice& key) const {
        return by_kind_[static_cast<unsigned char>(key.empty() ? 0 : key[0])];
    }

    /// Moves what a store of format 1 has in its only family. May be interrupted and begun again.
    rocksdb::Status take_over_format_1(rocksdb::DB& db) const;

    /// Before the database is closed.
    void close(rocksdb::DB& db);

private:
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
    std::array<rocksdb::ColumnFamilyHandle*, 256> by_kind_{};
};

}  // namespace dtmd::store::rocks
