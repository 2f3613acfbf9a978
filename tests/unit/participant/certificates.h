#pragma once

#include <string>

namespace dtmd::participant {

/// A self-signed certificate for `name` and `address`, with its key, as PEM.
struct Certificate {
    std::string certificate, key;
};
Certificate make_certificate(const std::string& name, const std::string& address = {});

/// A file that goes with this object.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& content);
    ~TemporaryFile();
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace dtmd::participant
