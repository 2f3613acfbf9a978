#include "store/redis/reply.h"

#include <hiredis/hiredis.h>

#include <memory>

namespace dtmd::store::redis {
namespace {

struct FreeReply {
    void operator()(redisReply* reply) const { ::freeReplyObject(reply); }
};

Reply convert(const redisReply& raw) {
    Reply reply;
    switch (raw.type) {
        case REDIS_REPLY_INTEGER:
            reply.kind = Reply::Kind::integer;
            reply.integer = raw.integer;
            break;
        case REDIS_REPLY_ARRAY:
            reply.kind = Reply::Kind::list;
            reply.items.reserve(raw.elements);
            for (std::size_t i = 0; i < raw.elements; ++i) reply.items.push_back(convert(*raw.element[i]));
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
        case REDIS_REPLY_ERROR:
            reply.kind = raw.type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
            reply.text.assign(raw.str, static_cast<std::size_t>(raw.len));
            break;
        default: break;
    }
    return reply;
}

}  // namespace

const std::string& Reply::at(std::size_t index) const {
    static const std::string nothing;
    return index < items.size() ? items[index].text : nothing;
}

ReplyReader::ReplyReader() : reader_(::redisReaderCreate()) {
    // Else its buffer is given back to the system after each large reply.
    reader_->maxbuf = 1 << 20;
}

ReplyReader::~ReplyReader() { ::redisReaderFree(reader_); }

void ReplyReader::feed(std::string_view bytes) { ::redisReaderFeed(reader_, bytes.data(), bytes.size()); }

Result<std::optional<Reply>> ReplyReader::next() {
    void* raw = nullptr;
    if (::redisReaderGetReply(reader_, &raw) != REDIS_OK) {
        return Error{Errc::unknown, std::string("The server's answer is not Redis's protocol: ") + reader_->errstr +
                                        ". Is this the port of a Redis server, with TLS where it wants TLS?"};
    }
    if (!raw) return std::optional<Reply>();
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
    return std::optional(convert(*reply));
}

CommandText::CommandText(std::size_t words) : text_("*" + std::to_string(words) + "\r\n") {}

CommandText& CommandText::add(std::string_view word) {
    text_ += '$';
    text_ += std::to_string(word.size());
    text_ += "\r\n";
    text_ += word;
    text_ += "\r\n";
    return *this;
}

}  // namespace dtmd::store::redis
