#pragma once

#include "base/time.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dtmd::store::mysql {

/// Between moments and what a `datetime` column says: "2026-11-21 10:38:02" on the clock of one time zone.
///
/// A fixed offset is exact. The process's own zone, which is what dtm uses, has one hour a year that its clock shows
/// twice: a lease written in it may be read as an hour earlier or later (docs/manual/store-mysql.md).
class Zone {
public:
    /// Unset: the process's own time zone.
    explicit Zone(std::optional<std::chrono::seconds> offset) : offset_(offset) {}

    std::string to_text(Time moment) const;

    /// "not set" for what is none: empty, or a year of 0.
    Time from_text(std::string_view text) const;

private:
    std::string write(std::chrono::sys_seconds second) const;
    std::chrono::sys_seconds read(std::string_view text) const;

    std::optional<std::chrono::seconds> offset_;
};

}  // namespace dtmd::store::mysql
