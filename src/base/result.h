#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>

namespace dtmd {

/// What went wrong, in the terms of whoever has to decide what happens next.
enum class Errc {
    invalid,      ///< The request is wrong; repeating it cannot help.
    not_found,    ///< There is no such thing.
    conflict,     ///< Someone else moved it first; read again before deciding.
    unavailable,  ///< It certainly did not happen; safe to repeat.
    unknown,      ///< It may or may not have happened; read again, never guess.
};

struct Error {
    Errc code;
    std::string what;  ///< For people: what was wrong, with which gid, and what to do.
};

template <class T>
using Result = boost::system::result<T, Error>;

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::logic_error("value() of a failed Result: " + error.what);
}

}  // namespace dtmd
