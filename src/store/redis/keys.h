#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// dtm's keys (docs/protocol.md 7.3) and ours beside them. Pure.
//
//   P_g_<gid>   string  the transaction, JSON           P_kv_<category>_<key>  string  a key-value record, JSON
//   P_b_<gid>   list    its branches, JSON              P_dtmd_c  zset  all gids by create_time (ms)
//   P_s_<gid>   string  its status                      P_dtmd_o  zset  unfinished gids by create_time (ms)
//   P_u         zset    unfinished gids by due time (s) P_dtmd_kv_<category>  zset  keys of a category
namespace dtmd::store::redis {

/// The keys of one slice of the store, which all lie in one slot of a Redis Cluster.
struct Slice {
    std::string prefix;  ///< P.
    std::uint16_t slot = 0;

    std::string global(std::string_view gid) const { return name("_g_", gid); }
    std::string branches(std::string_view gid) const { return name("_b_", gid); }
    std::string status(std::string_view gid) const { return name("_s_", gid); }
    std::string due() const { return prefix + "_u"; }
    std::string created() const { return prefix + "_dtmd_c"; }
    std::string open() const { return prefix + "_dtmd_o"; }
    std::string key_value(std::string_view category, std::string_view key) const {
        return name("_kv_", category) + "_" + std::string(key);
    }
    std::string categories(std::string_view category) const { return name("_dtmd_kv_", category); }

private:
    std::string name(std::string_view kind, std::string_view what) const {
        std::string out = prefix;
        out += kind;
        out += what;
        return out;
    }
};

/// How the store's keys are spread.
class Layout {
public:
    /// dtm's: one slice, whose prefix is `prefix` as it is.
    explicit Layout(std::string prefix);

    /// `slices` slices "{p:0}", "{p:1}", ... where p is `prefix` without braces, so that they lie in different slots.
    /// Key-value records stay where dtm has them.
    /// @pre slices > 0
    Layout(const std::string& prefix, std::size_t slices);

    const std::vector<Slice>& slices() const { return slices_; }
    std::size_t slice_of(std::string_view gid) const;

    /// Where the key-value records are.
    const Slice& base() const { return base_; }

private:
    Slice base_;
    std::vector<Slice> slices_;
};

/// Redis Cluster's hash slot of a key: of what is in its first pair of braces, or else of all of it.
std::uint16_t slot_of(std::string_view key);

/// `text` for SCAN MATCH, so that it means itself.
std::string glob_escaped(std::string_view text);

}  // namespace dtmd::store::redis
