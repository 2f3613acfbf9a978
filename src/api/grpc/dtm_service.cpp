#include "api/grpc/dtm_service.h"

#include "api/grpc/messages.h"

#include <functional>

namespace dtmd::api {
namespace {

GrpcExchange* refuse(const ExchangePtr& exchange, const Error& error) {
    exchange->refuse(error);
    return exchange.get();
}

}  // namespace

DtmService::DtmService(std::vector<Loop*> loops, engine::Engine& engine, observe::ApiMetrics& metrics)
    : loops_(std::move(loops)), engine_(engine), metrics_(metrics) {}

// Most often where the engine keeps the gid as well, which spares a hop.
Loop& DtmService::loop_of(const std::string& gid) const {
    return *loops_[std::hash<std::string>{}(gid) % loops_.size()];
}

Loop& DtmService::next_loop() { return *loops_[turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size()]; }

DtmService::Reactor* DtmService::NewGid(Context*, const Empty*, dtmgimp::DtmGidReply* reply) {
    auto exchange = GrpcExchange::open(metrics_, open_, "newgid");
    Loop& home = next_loop();
    home.post([&engine = engine_, &home, exchange, reply] {
        std::string gid = engine.new_gid(home);
        if (!exchange->claim()) return;
        reply->set_gid(std::move(gid));
        exchange->finish(grpc::Status::OK);
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::Prepare(Context*, const dtmgimp::DtmRequest* request, Empty*) {
    auto exchange = GrpcExchange::open(metrics_, open_, "prepare");
    auto read = read_transaction(*request);
    if (!read) return refuse(exchange, read.error());
    Loop& home = loop_of(read->transaction.gid);
    home.post([&engine = engine_, &home, exchange, transaction = std::move(read->transaction)]() mutable {
        engine.prepare(home, std::move(transaction), reply_to(std::move(exchange)));
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::Submit(Context*, const dtmgimp::DtmRequest* request, Empty*) {
    auto exchange = GrpcExchange::open(metrics_, open_, "submit");
    auto read = read_transaction(*request);
    if (!read) return refuse(exchange, read.error());
    Loop& home = loop_of(read->transaction.gid);
    home.post([&engine = engine_, &home, exchange, read = std::move(*read)]() mutable {
        if (read.transaction.mode == txn::Mode::workflow) {
            engine.submit_workflow(home, std::move(read.transaction.gid), std::move(read.status),
                                   std::move(read.rollback_reason), std::move(read.result),
                                   reply_to(std::move(exchange)));
        } else {
            engine.submit(home, std::move(read.transaction), reply_to(std::move(exchange)));
        }
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::Abort(Context*, const dtmgimp::DtmRequest* request, Empty*) {
    auto exchange = GrpcExchange::open(metrics_, open_, "abort");
    auto read = read_gid_request(*request);
    if (!read) return refuse(exchange, read.error());
    Loop& home = loop_of(read->gid);
    home.post([&engine = engine_, &home, exchange, read = std::move(*read)]() mutable {
        engine.abort(home, std::move(read.gid), std::move(read.trans_type), std::move(read.rollback_reason),
                     reply_to(std::move(exchange)));
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::RegisterBranch(Context*, const dtmgimp::DtmBranchRequest* request, Empty*) {
    auto exchange = GrpcExchange::open(metrics_, open_, "registerbranch");
    auto read = read_registration(*request);
    if (!read) return refuse(exchange, read.error());
    Loop& home = loop_of(read->gid);
    home.post([&engine = engine_, &home, exchange, registration = std::move(*read)]() mutable {
        engine.register_branch(home, std::move(registration), reply_to(std::move(exchange)));
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::PrepareWorkflow(Context*, const dtmgimp::DtmRequest* request,
                                                 dtmgimp::DtmProgressesReply* reply) {
    auto exchange = GrpcExchange::open(metrics_, open_, "prepareworkflow");
    auto read = read_transaction(*request);
    if (!read) return refuse(exchange, read.error());
    if (read->transaction.mode != txn::Mode::workflow) {
        return refuse(exchange, {Errc::invalid,
                                 "TransType: expected workflow, got '" + request->transtype().substr(0, 45) + "'"});
    }
    Loop& home = loop_of(read->transaction.gid);
    home.post([&engine = engine_, &home, exchange, reply, transaction = std::move(read->transaction)]() mutable {
        const auto fill = [reply](const engine::Found& found) { write_progress(*found, *reply); };
        engine.prepare_workflow(home, std::move(transaction), reply_with<engine::Found>(std::move(exchange), fill));
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::Subscribe(Context*, const dtmgimp::DtmTopicRequest* request, Empty*) {
    auto exchange = GrpcExchange::open(metrics_, open_, "subscribe");
    Loop& home = next_loop();
    home.post([&engine = engine_, &home, exchange, topic = request->topic(), url = request->url(),
               remark = request->remark()]() mutable {
        engine.subscribe(home, std::move(topic), std::move(url), std::move(remark), reply_to(std::move(exchange)));
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::Unsubscribe(Context*, const dtmgimp::DtmTopicRequest* request, Empty*) {
    auto exchange = GrpcExchange::open(metrics_, open_, "unsubscribe");
    Loop& home = next_loop();
    home.post([&engine = engine_, &home, exchange, topic = request->topic(), url = request->url()]() mutable {
        engine.unsubscribe(home, std::move(topic), std::move(url), reply_to(std::move(exchange)));
    });
    return exchange.get();
}

DtmService::Reactor* DtmService::DeleteTopic(Context*, const dtmgimp::DtmTopicRequest* request, Empty*) {
    auto exchange = GrpcExchange::open(metrics_, open_, "deletetopic");
    Loop& home = next_loop();
    home.post([&engine = engine_, &home, exchange, topic = request->topic()]() mutable {
        engine.delete_topic(home, std::move(topic), reply_to(std::move(exchange)));
    });
    return exchange.get();
}

}  // namespace dtmd::api
