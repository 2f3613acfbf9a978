#pragma once

#include "store/group_commit.h"

#include <memory>

namespace dtmd::store {

/// A worker thread's own backend, made when it is first needed and again if that failed.
///
/// Threads: one.
class OwnBackend {
public:
    explicit OwnBackend(const BackendFactory& factory) : factory_(factory) {}

    /// Null: none can be made now. Whoever asks answers `unavailable`, and the next one makes us try again.
    Backend* get() {
        if (backend_) return backend_.get();
        try {
            backend_ = factory_();
        } catch (...) {
            return nullptr;
        }
        return backend_.get();
    }

private:
    const BackendFactory& factory_;
    std::unique_ptr<Backend> backend_;
};

}  // namespace dtmd::store
