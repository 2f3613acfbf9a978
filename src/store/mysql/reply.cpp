#include "store/mysql/reply.h"

#include <charconv>

namespace dtmd::store::mysql {

bool Reply::next() {
    row_ = rows_ ? mysql_fetch_row(rows_.get()) : nullptr;
    lengths_ = row_ == nullptr ? nullptr : mysql_fetch_lengths(rows_.get());
    return row_ != nullptr;
}

std::string_view Reply::text(std::size_t column) const {
    if (row_[column] == nullptr) return {};
    return {row_[column], lengths_[column]};
}

std::int64_t Reply::number(std::size_t column) const {
    std::int64_t value = 0;
    const std::string_view digits = text(column);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

}  // namespace dtmd::store::mysql
