#include "store/rocksdb/families.h"

#include <algorithm>

namespace dtmd::store::rocks {
namespace {

// The first byte of their keys, and what they are called. Everything else is in the default family.
struct Kind {
    char first;
    const char* name;
};
constexpr Kind kinds[] = {{'t', "fixed"}, {'s', "state"},   {'b', "branches"},
                          {'d', "due"},   {'c', "created"}, {'e', "ended"}};

constexpr int moves_at_once = 10'000;

}  // namespace

std::vector<std::string> Families::found_in(const std::string& path) {
    std::vector<std::string> names;
    if (!rocksdb::DB::ListColumnFamilies({}, path, &names).ok()) names.clear();
    return names;
}

bool Families::are_ours(const std::vector<std::string>& names) {
    return std::ranges::all_of(names, [](const std::string& name) {
        return name == rocksdb::kDefaultColumnFamilyName ||
               std::ranges::any_of(kinds, [&](const Kind& kind) { return name == kind.name; });
    });
}

rocksdb::Status Families::open(const rocksdb::Options& options, const std::string& path,
                               std::unique_ptr<rocksdb::DB>& db, Families& families) {
    rocksdb::DBOptions whole(options);
    whole.create_missing_column_families = true;
    const rocksdb::ColumnFamilyOptions each(options);
    std::vector<rocksdb::ColumnFamilyDescriptor> wanted{{rocksdb::kDefaultColumnFamilyName, each}};
    for (const Kind& kind : kinds) wanted.emplace_back(kind.name, each);

    rocksdb::DB* opened = nullptr;
    auto status = rocksdb::DB::Open(whole, path, wanted, &families.handles_, &opened);
    if (!status.ok()) return status;
    db.reset(opened);
    families.by_kind_.fill(families.handles_.front());
    for (std::size_t i = 0; i < std::size(kinds); ++i) {
        families.by_kind_[static_cast<unsigned char>(kinds[i].first)] = families.handles_[i + 1];
    }
    return status;
}

rocksdb::Status Families::take_over_format_1(rocksdb::DB& db) const {
    rocksdb::WriteBatch moves;
    const auto write = [&] {
        auto status = db.Write({}, &moves);
        moves.Clear();
        return status;
    };
    for (const Kind& kind : kinds) {
        const rocksdb::Slice first(&kind.first, 1);
        const std::unique_ptr<rocksdb::Iterator> entry(db.NewIterator({}));
        for (entry->Seek(first); entry->Valid() && entry->key().starts_with(first); entry->Next()) {
            moves.Put(of(entry->key()), entry->key(), entry->value());
            moves.Delete(entry->key());
            if (moves.Count() < moves_at_once) continue;
            if (auto status = write(); !status.ok()) return status;
        }
        if (!entry->status().ok()) return entry->status();
    }
    return write();
}

void Families::close(rocksdb::DB& db) {
    for (auto* handle : handles_) db.DestroyColumnFamilyHandle(handle);
    handles_.clear();
}

}  // namespace dtmd::store::rocks
