#include "participant/grpc/grpc_channels.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/validate_service_config.h>

#include <climits>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace dtmd::participant {
namespace {

// The engine waits for its own back-off anyway; this one only has to be short beside it.
constexpr int first_reconnect_ms = 100, longest_reconnect_ms = 1'000;
constexpr int keep_alive_ms = 60'000, keep_alive_timeout_ms = 20'000;

std::string read_authorities(const std::string& path) {
    if (path.empty()) return {};
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file && text.find("BEGIN CERTIFICATE") != text.npos) return text;
    throw std::runtime_error("Participants.CaFile: cannot use '" + path +
                             "': it has to be a readable PEM file with certificates");
}

// Whoever the peer is: for tests, as the options say.
std::shared_ptr<grpc::ChannelCredentials> unverified() {
    grpc::experimental::TlsChannelCredentialsOptions options;
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    return grpc::experimental::TlsCredentials(options);
}

}  // namespace

GrpcChannels::GrpcChannels(GrpcParticipantOptions options)
    : options_(std::move(options)), authorities_(read_authorities(options_.ca_file)) {
    if (options_.service_config.empty()) return;
    const std::string why = grpc::experimental::ValidateServiceConfigJSON(options_.service_config);
    if (!why.empty()) throw std::runtime_error("GrpcServiceConfig: gRPC does not take it: " + why);
}

std::shared_ptr<GrpcChannels::Channel> GrpcChannels::get(const GrpcAddress& address) {
    const bool tls = address.security == GrpcAddress::Security::tls ||
                     (address.security == GrpcAddress::Security::unsaid && options_.tls);
    auto& channel = channels_[tls ? "tls " + address.target : address.target];
    if (!channel) channel = connect(address.target, tls);
    return channel;
}

std::shared_ptr<GrpcChannels::Channel> GrpcChannels::connect(const std::string& target, bool tls) const {
    grpc::ChannelArguments arguments;
    if (!options_.service_config.empty()) arguments.SetServiceConfigJSON(options_.service_config);
    arguments.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::size_t>(options_.max_response, INT_MAX)));
    arguments.SetMaxSendMessageSize(-1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, first_reconnect_ms);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, longest_reconnect_ms);
    // Its meaning is how long an attempt to connect may take.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(options_.connect_timeout.count()));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, keep_alive_ms);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keep_alive_timeout_ms);
    // Branches are services of the same network; HTTP branches don't go through a proxy either.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    if (!tls) {
        credentials = grpc::InsecureChannelCredentials();
    } else if (!options_.verify_tls) {
        credentials = unverified();
    } else {
        grpc::SslCredentialsOptions trust;
        trust.pem_root_certs = authorities_;
        credentials = grpc::SslCredentials(trust);
    }
    return std::make_shared<Channel>(grpc::CreateCustomChannel(target, credentials, arguments));
}

void GrpcChannels::drop_idle(Clock::time_point now) {
    std::erase_if(channels_, [&](const auto& entry) {
        const Channel& channel = *entry.second;
        return channel.open == 0 && now - channel.last_used >= options_.idle_timeout;
    });
}

}  // namespace dtmd::participant
