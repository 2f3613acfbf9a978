#include "store/sql/row_memory.h"

#include <utility>

namespace dtmd::store::sql {

// Forgetting by generations: what stayed unused while `generation_` others came is given up, all at once.
void RowMemory::remember(std::string gid, RowIds ids) {
    const std::lock_guard lock(mutex_);
    if (young_.size() >= generation_) old_ = std::exchange(young_, {});
    young_.insert_or_assign(std::move(gid), std::move(ids));
}

std::optional<RowIds> RowMemory::find(const std::string& gid) {
    const std::lock_guard lock(mutex_);
    for (const Known* known : {&young_, &old_}) {
        if (const auto found = known->find(gid); found != known->end()) return found->second;
    }
    return std::nullopt;
}

void RowMemory::forget(const std::string& gid) {
    const std::lock_guard lock(mutex_);
    for (Known* known : {&young_, &old_}) {
        if (const auto found = known->find(gid); found != known->end()) known->erase(found);
    }
}

}  // namespace dtmd::store::sql
