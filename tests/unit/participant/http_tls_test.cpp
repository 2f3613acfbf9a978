#include "unit/participant/certificates.h"
#include "unit/participant/running_participant.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <atomic>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using txn::Answer;
using namespace std::chrono_literals;

enum class Ending { orderly, cut, orderly_after_each, half_after_each };

/// An HTTPS server, one connection after the other. It answers without a length and ends the connection as told, or
/// with a length and keeps it, unless it is to end after each answer.
class TlsServer {
public:
    explicit TlsServer(const Certificate& certificate, std::string answer, Ending ending = Ending::orderly,
                       int newest_version = 0)
        : answer_(std::move(answer)), ending_(ending) {
        tls_.use_certificate_chain(asio::buffer(certificate.certificate));
        tls_.use_private_key(asio::buffer(certificate.key), asio::ssl::context::pem);
        SSL_CTX_set_max_proto_version(tls_.native_handle(), newest_version);
        thread_ = std::thread([this] { serve(); });
    }
    ~TlsServer() {
        stopping_ = true;
        boost::system::error_code ignored;
        tcp::socket nudge(context_);
        nudge.connect(acceptor_.local_endpoint(), ignored);
        nudge.close(ignored);
        thread_.join();
    }
    std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/a";
    }
    int handshakes() const { return handshakes_; }
    int endings() const { return endings_; }

private:
    void serve() {
        while (!stopping_) {
            boost::system::error_code error;
            asio::ssl::stream<tcp::socket> stream(context_, tls_);
            acceptor_.accept(stream.next_layer(), error);
            stream.handshake(asio::ssl::stream_base::server, error);
            if (!error) ++handshakes_;
            std::string request;
            while (!error && asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error) > 0) {
                request.clear();
                asio::write(stream, asio::buffer(answer_), error);
                const bool has_length = answer_.find("Content-Length") != std::string::npos;
                if (has_length && ending_ <= Ending::cut) continue;
                end(stream);
                ++endings_;
                break;
            }
        }
    }

    // Unless it is to cut the connection, returns when the client has closed, too.
    void end(asio::ssl::stream<tcp::socket>& stream) {
        boost::system::error_code error;
        if (ending_ == Ending::cut) return;
        if (ending_ != Ending::half_after_each) return void(stream.shutdown(error));
        // As servers do that don't wait for the other side's word: theirs, and at once the end of what they send.
        stream.async_shutdown([](const boost::system::error_code&) {});
        context_.restart();
        context_.run_for(50ms);
        stream.next_layer().shutdown(tcp::socket::shutdown_send, error);
        context_.run();
    }

    std::string answer_;
    Ending ending_;
    asio::io_context context_;
    asio::ssl::context tls_{asio::ssl::context::tls_server};
    tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::atomic<bool> stopping_ = false;
    std::atomic<int> handshakes_ = 0, endings_ = 0;
    std::thread thread_;
};

const std::string success = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

HttpParticipantOptions trusting(const TemporaryFile& authority) {
    HttpParticipantOptions options;
    options.ca_file = authority.path();
    return options;
}

TEST(HttpTls, RefusesCertificatesItDoesNotTrust) {
    TlsServer server(make_certificate("localhost"), success);
    RunningParticipant caller;
    const Reply reply = caller.call(server.url("localhost"));
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_FALSE(reply.reached);
    EXPECT_NE(reply.text.find("TLS: the certificate is not trusted: self-signed certificate"), std::string::npos)
        << reply.text;
    EXPECT_NE(reply.text.find("Participants.CaFile"), std::string::npos);
}

TEST(HttpTls, TrustsTheAuthoritiesOfTheFileAndKeepsTheConnection) {
    const Certificate certificate = make_certificate("localhost", "127.0.0.1");
    const TemporaryFile authority(certificate.certificate);
    TlsServer server(certificate, success);
    {
        RunningParticipant caller(trusting(authority));
        for (int i = 0; i < 3; ++i) EXPECT_EQ(caller.call(server.url("localhost")).answer, Answer::success);
        EXPECT_EQ(server.handshakes(), 1);
    }
    RunningParticipant caller(trusting(authority));
    EXPECT_EQ(caller.call(server.url("127.0.0.1")).answer, Answer::success) << "certificates may name addresses";
}

TEST(HttpTls, RefusesACertificateForAnotherHost) {
    const Certificate certificate = make_certificate("bank.example");
    const TemporaryFile authority(certificate.certificate);
    TlsServer server(certificate, success);
    RunningParticipant caller(trusting(authority));
    const Reply by_name = caller.call(server.url("localhost"));
    EXPECT_EQ(by_name.answer, Answer::unknown);
    EXPECT_NE(by_name.text.find("not trusted: hostname mismatch"), std::string::npos) << by_name.text;
    const Reply by_address = caller.call(server.url("127.0.0.1"));
    EXPECT_NE(by_address.text.find("not trusted: IP address mismatch"), std::string::npos) << by_address.text;
}

TEST(HttpTls, AsksNoQuestionsIfToldSo) {
    TlsServer server(make_certificate("bank.example"), success);
    HttpParticipantOptions options;
    options.verify_tls = false;
    RunningParticipant caller(options);
    EXPECT_EQ(caller.call(server.url("localhost")).answer, Answer::success);
}

TEST(HttpTls, RefusesOldProtocols) {
    const Certificate certificate = make_certificate("localhost");
    const TemporaryFile authority(certificate.certificate);
    TlsServer server(certificate, success, Ending::orderly, TLS1_1_VERSION);
    RunningParticipant caller(trusting(authority));
    const Reply reply = caller.call(server.url("localhost"));
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_NE(reply.text.find("TLS: the handshake failed: "), std::string::npos) << reply.text;
}

TEST(HttpTls, SaysSoIfThePeerSpeaksNoTls) {
    net::AsioLoop loop;
    tcp::acceptor acceptor(loop.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    std::thread plain([&] {
        tcp::socket socket(loop.context());
        acceptor.accept(socket);
        asio::write(socket, asio::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")));
        char byte = 0;
        boost::system::error_code ignored;
        while (socket.read_some(asio::buffer(&byte, 1), ignored) > 0) continue;
    });
    RunningParticipant caller;
    const Reply reply = caller.call("https://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/");
    EXPECT_NE(reply.text.find("TLS: the handshake failed: "), std::string::npos) << reply.text;
    plain.join();
}

// Else whoever sits on the line could cut FAILURE off the end of an answer.
TEST(HttpTls, BelievesTheEndOfAnAnswerOnlyIfThePeerSaysIt) {
    const Certificate certificate = make_certificate("localhost");
    const TemporaryFile authority(certificate.certificate);
    for (const Ending ending : {Ending::orderly, Ending::cut}) {
        TlsServer server(certificate, "HTTP/1.1 200 OK\r\n\r\nup to the end", ending);
        RunningParticipant caller(trusting(authority));
        const Reply reply = caller.call(server.url("localhost"));
        EXPECT_EQ(reply.answer, ending == Ending::orderly ? Answer::success : Answer::unknown) << reply.text;
    }
}

TEST(HttpTls, ReplacesAConnectionThatHadGoneStale) {
    const Certificate certificate = make_certificate("localhost");
    const TemporaryFile authority(certificate.certificate);
    for (const Ending ending : {Ending::orderly_after_each, Ending::half_after_each}) {
        TlsServer server(certificate, success, ending);
        RunningParticipant caller(trusting(authority));
        for (int i = 0; i < 3; ++i) EXPECT_EQ(caller.call(server.url("localhost")).answer, Answer::success);
        EXPECT_EQ(server.handshakes(), 3);
    }
}

// Not only when the next call finds out, or half-closed connections would pile up on both sides.
TEST(HttpTls, DropsAnIdleConnectionThatItsPeerHasClosed) {
    const Certificate certificate = make_certificate("localhost");
    const TemporaryFile authority(certificate.certificate);
    TlsServer server(certificate, success, Ending::half_after_each);
    RunningParticipant caller(trusting(authority));
    EXPECT_EQ(caller.call(server.url("localhost")).answer, Answer::success);
    const auto start = std::chrono::steady_clock::now();
    while (server.endings() == 0 && std::chrono::steady_clock::now() - start < 8s) std::this_thread::yield();
    EXPECT_EQ(server.endings(), 1);
}

TEST(HttpTls, SaysWhichFileCannotBeUsed) {
    net::AsioLoop loop;
    const TemporaryFile nonsense("no certificate");
    for (const std::string& path : {nonsense.path(), std::string("/no/such/file.pem")}) {
        HttpParticipantOptions options;
        options.ca_file = path;
        try {
            make_http_participant(loop, options);
            ADD_FAILURE() << path;
        } catch (const std::runtime_error& error) {
            EXPECT_EQ(std::string(error.what()).find("Participants.CaFile: cannot use '" + path + "' ("), 0u)
                << error.what();
        }
    }
}

}  // namespace
}  // namespace dtmd::participant
