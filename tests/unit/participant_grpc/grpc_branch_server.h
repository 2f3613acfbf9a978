#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dtmd::participant {

/// One call as a branch service saw it.
struct SeenCall {
    std::string method, body, peer;
    std::multimap<std::string, std::string> metadata;

    std::string get(const std::string& key) const {
        const auto found = metadata.find(key);
        return found == metadata.end() ? "(none)" : found->second;
    }
};

/// What it is answered.
struct BranchAnswer {
    grpc::Status status;
    std::optional<std::string> message = "answered";
    bool hangs = false;  ///< Until the client gives up.
};

/// A real gRPC server on 127.0.0.1 that takes any unary method and answers by its script.
class GrpcBranchServer : private grpc::CallbackGenericService {
public:
    using Script = std::function<BranchAnswer(const SeenCall&)>;

    explicit GrpcBranchServer(Script script = {}, int port = 0,
                              std::shared_ptr<grpc::ServerCredentials> credentials = nullptr);
    ~GrpcBranchServer() override;

    std::string url(const std::string& method = "/busi.Busi/TransIn") const { return address() + method; }
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    int port() const { return port_; }

    std::vector<SeenCall> calls();
    std::size_t peers();
    /// Waits until so many calls were taken back by their clients; false if that takes ten seconds.
    bool wait_for_cancelled(int count);
    /// As if the process had died: open calls are cut.
    void close();

private:
    class Reactor;
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
    BranchAnswer take(SeenCall call);
    void cancelled();

    Script script_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<SeenCall> calls_;
    int cancelled_ = 0;
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace dtmd::participant
