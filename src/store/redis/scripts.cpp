#include "store/redis/scripts.h"

#include <openssl/evp.h>

#include <array>

namespace dtmd::store::redis {
namespace {

// Everything is read and checked before the first write, or by it: Redis refuses a script at its first write or not at
// all.
// A time to live of 0 means for ever.

constexpr std::string_view insert = R"lua(
-- KEYS g b s u c o   ARGV global status is_final ttl due created row...
local ttl = tonumber(ARGV[4])
if ttl > 0 then
  if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ttl) then return 1 end
  redis.call('SET', KEYS[3], ARGV[2], 'EX', ttl)
else
  if not redis.call('SET', KEYS[1], ARGV[1], 'NX') then return 1 end
  redis.call('SET', KEYS[3], ARGV[2])
end
redis.call('DEL', KEYS[2])
for i = 7, #ARGV, 1000 do redis.call('RPUSH', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV))) end
if ttl > 0 and #ARGV > 6 then redis.call('EXPIRE', KEYS[2], ttl) end
local gid = string.sub(KEYS[1], #KEYS[4] + 2)
redis.call('ZADD', KEYS[5], ARGV[6], gid)
if ARGV[3] == '0' then
  redis.call('ZADD', KEYS[4], ARGV[5], gid)
  redis.call('ZADD', KEYS[6], ARGV[6], gid)
end
return 0
)lua";

constexpr std::string_view update = R"lua(
-- KEYS g b s u o   ARGV expected mode status ttl ttl_finished due hurry lease edits (after before value)...
-- (row time tail)...   The first edit is update_time, for which alone g is left as it is when rows say it too.
local status = redis.call('GET', KEYS[3])
if not status then return 2 end
if ARGV[1] ~= '' and status ~= ARGV[1] then return 2 end
local gid = string.sub(KEYS[1], #KEYS[4] + 2)
local lease = ARGV[8] ~= '' and redis.call('ZSCORE', KEYS[4], gid)
if lease and tonumber(lease) ~= tonumber(ARGV[8]) then return 2 end
local edits = tonumber(ARGV[9])
local rewrite, g = #ARGV == 9 + 3 * edits, false
local parts, n, from = {}, 0, 1
if rewrite or edits > 1 or ARGV[2] ~= '' then
  g = redis.call('GET', KEYS[1])
  if not g then return 2 end
  if string.sub(g, 1, 22) ~= '{"id":0,"update_time":' then return 3 end
  if ARGV[2] ~= '' then
    local _, at = string.find(g, ',"trans_type":"', 1, true)
    if not at then return 3 end
    if string.sub(g, at + 1, at + #ARGV[2] + 1) ~= ARGV[2] .. '"' then return 2 end
  end
  for i = 10, 9 + 3 * edits, 3 do
    local _, after = string.find(g, ARGV[i], from, true)
    if not after then return 3 end
    local before = string.find(g, ARGV[i + 1], after + 1, true)
    if not before then return 3 end
    rewrite = rewrite or i > 10 and string.sub(g, after + 1, before - 1) ~= ARGV[i + 2]
    parts[n + 1] = string.sub(g, from, after)
    parts[n + 2] = ARGV[i + 2]
    n = n + 2
    from = before
  end
  parts[n + 1] = string.sub(g, from)
end
local rows, open = {}, ',"status":"prepared"'
for i = 10 + 3 * edits, #ARGV, 3 do
  local row = redis.call('LINDEX', KEYS[2], ARGV[i])
  if not row then return 2 end
  local _, time = string.find(row, ',"update_time":', 1, true)
  local rest = time and string.find(row, ',"gid":', time, true)
  local tail = rest and string.find(row, ',"status":"', rest, true)
  if not tail then return 3 end
  local stored, new = string.sub(row, tail), ARGV[i + 2]
  if string.sub(new, 1, #open) == open and string.sub(stored, 1, #open) ~= open then new = stored end
  rows[#rows + 1] = ARGV[i]
  rows[#rows + 1] = string.sub(row, 1, time) .. ARGV[i + 1] .. string.sub(row, rest, tail - 1) .. new
end
local now = ARGV[3] ~= '' and ARGV[3] or status
local final = now == 'succeed' or now == 'failed'
local ttl = tonumber(final and ARGV[5] or ARGV[4])
local renew = final or ARGV[7] == '1'
if not renew then
  local left = redis.call('TTL', KEYS[1])
  if left == -2 then return 2 end
  renew = (ttl > 0 and left < ttl / 2) or (ttl == 0 and left >= 0)
elseif not g and redis.call('EXISTS', KEYS[1]) == 0 then
  return 2
end
if ARGV[7] == '1' then redis.call('PERSIST', KEYS[3]) end
if final then
  redis.call('ZREM', KEYS[4], gid)
  redis.call('ZREM', KEYS[5], gid)
elseif ARGV[6] ~= '' then
  redis.call('ZADD', KEYS[4], ARGV[6], gid)
end
for i = 1, #rows, 2 do redis.call('LSET', KEYS[2], rows[i], rows[i + 1]) end
if not renew then
  if rewrite then redis.call('SET', KEYS[1], table.concat(parts), 'KEEPTTL') end
  if now ~= status then redis.call('SET', KEYS[3], now, 'KEEPTTL') end
elseif ttl > 0 then
  if g then redis.call('SET', KEYS[1], table.concat(parts), 'EX', ttl) else redis.call('EXPIRE', KEYS[1], ttl) end
  redis.call('SET', KEYS[3], now, 'EX', ttl)
  redis.call('EXPIRE', KEYS[2], ttl)
else
  if g then redis.call('SET', KEYS[1], table.concat(parts)) else redis.call('PERSIST', KEYS[1]) end
  redis.call('SET', KEYS[3], now)
  redis.call('PERSIST', KEYS[2])
end
return 0
)lua";

constexpr std::string_view append = R"lua(
-- KEYS g b s   ARGV expected mode ttl hurry (identity row)...
local status = redis.call('GET', KEYS[3])
local g = redis.call('GET', KEYS[1])
if not status or not g then return 2 end
if ARGV[1] ~= '' and status ~= ARGV[1] then return 2 end
if ARGV[2] ~= '' then
  if string.sub(g, 1, 22) ~= '{"id":0,"update_time":' then return 3 end
  local _, at = string.find(g, ',"trans_type":"', 1, true)
  if not at then return 3 end
  if string.sub(g, at + 1, at + #ARGV[2] + 1) ~= ARGV[2] .. '"' then return 2 end
end
local known, rows = {}, {}
for _, row in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local id = string.match(row, ',("branch_id":".-","op":".-"),"status":')
  if not id then return 3 end
  known[id] = true
end
for i = 5, #ARGV, 2 do
  if known[ARGV[i]] then return 1 end
  known[ARGV[i]] = true
  rows[#rows + 1] = ARGV[i + 1]
end
local ttl = tonumber(ARGV[3])
if ARGV[4] == '1' then redis.call('PERSIST', KEYS[3]) end
for i = 1, #rows, 1000 do redis.call('RPUSH', KEYS[2], unpack(rows, i, math.min(i + 999, #rows))) end
for i = 1, 3 do
  if ttl > 0 then redis.call('EXPIRE', KEYS[i], ttl) else redis.call('PERSIST', KEYS[i]) end
end
return 0
)lua";

constexpr std::string_view replace = R"lua(
-- KEYS g b   ARGV old new (row old new)...
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 2 end
for i = 3, #ARGV, 3 do
  if redis.call('LINDEX', KEYS[2], ARGV[i]) ~= ARGV[i + 1] then return 2 end
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
for i = 3, #ARGV, 3 do redis.call('LSET', KEYS[2], ARGV[i], ARGV[i + 2]) end
return 0
)lua";

constexpr std::string_view load = R"lua(
-- KEYS g b s u   ARGV gid
local g = redis.call('GET', KEYS[1])
if not g then return {} end
return {ARGV[1], g, redis.call('GET', KEYS[3]) or '', redis.call('ZSCORE', KEYS[4], ARGV[1]) or '',
        redis.call('LRANGE', KEYS[2], 0, -1)}
)lua";

// Members whose record is gone or has ended are taken out, instead of being met again for ever.
constexpr std::string_view claim = R"lua(
-- KEYS u o   ARGV prefix due lease limit ttl
local limit, due, ttl = tonumber(ARGV[4]), tonumber(ARGV[2]), tonumber(ARGV[5])
local out, next_due = {}, ''
for _ = 1, 20 do
  local entries = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, limit - #out + 1)
  local gone = false
  next_due = ''
  local taken = #out
  for i = 1, #entries, 2 do
    local gid, score = entries[i], entries[i + 1]
    if tonumber(score) > due or #out >= limit then
      next_due = score
      break
    end
    local keys = {ARGV[1] .. '_g_' .. gid, ARGV[1] .. '_b_' .. gid, ARGV[1] .. '_s_' .. gid}
    local g, status = redis.call('GET', keys[1]), redis.call('GET', keys[3])
    if not g or not status or status == 'succeed' or status == 'failed' then
      redis.call('ZREM', KEYS[1], gid)
      redis.call('ZREM', KEYS[2], gid)
      gone = true
    else
      redis.call('ZADD', KEYS[1], ARGV[3], gid)
      local left = redis.call('TTL', keys[1])
      for k = 1, 3 do
        if ttl == 0 and left >= 0 then redis.call('PERSIST', keys[k]) end
        if ttl > 0 and left < ttl / 2 then redis.call('EXPIRE', keys[k], ttl) end
      end
      out[#out + 1] = {gid, g, status, ARGV[3], redis.call('LRANGE', keys[2], 0, -1), score}
    end
  end
  if not gone or #out >= limit or next_due ~= '' then break end
end
return {next_due, out}
)lua";

constexpr std::string_view reset = R"lua(
-- KEYS u   ARGV later_than now limit
local limit = tonumber(ARGV[3])
local gids = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'LIMIT', 0, limit + 1)
for i = 1, math.min(limit, #gids) do redis.call('ZADD', KEYS[1], ARGV[2], gids[i]) end
return {math.min(limit, #gids), #gids > limit and 1 or 0}
)lua";

constexpr std::string_view list = R"lua(
-- KEYS index u   ARGV prefix highest lowest offset count status
local entries = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], ARGV[3], 'WITHSCORES', 'LIMIT', ARGV[4], ARGV[5])
local out = {}
for i = 1, #entries, 2 do
  local gid = entries[i]
  local status = redis.call('GET', ARGV[1] .. '_s_' .. gid)
  local item = {gid, entries[i + 1]}
  if status and (ARGV[6] == '' or ARGV[6] == status) then
    local g = redis.call('GET', ARGV[1] .. '_g_' .. gid)
    if g then
      local whole = string.find(g, ',"steps":[', 1, true) or string.find(g, ',"payloads":[', 1, true)
      item[3], item[4] = g, status
      item[5] = redis.call('ZSCORE', KEYS[2], gid) or ''
      item[6] = whole and {} or redis.call('LRANGE', ARGV[1] .. '_b_' .. gid, 0, -1)
    end
  end
  out[#out + 1] = item
end
return out
)lua";

constexpr std::string_view oldest = R"lua(
-- KEYS o   ARGV prefix
for _ = 1, 64 do
  local entries = redis.call('ZRANGE', KEYS[1], 0, 15, 'WITHSCORES')
  if #entries == 0 then return '' end
  for i = 1, #entries, 2 do
    local status = redis.call('GET', ARGV[1] .. '_s_' .. entries[i])
    if status and status ~= 'succeed' and status ~= 'failed' then return entries[i + 1] end
    redis.call('ZREM', KEYS[1], entries[i])
  end
end
return ''
)lua";

// What has expired leaves its entry in the index behind, which nobody else takes out.
constexpr std::string_view sweep = R"lua(
-- KEYS c o u   ARGV prefix offset count ended_before limit     ended_before: empty if nothing is to be removed
local entries = redis.call('ZRANGE', KEYS[1], ARGV[2], tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1)
local newest = #entries > 0 and redis.call('ZSCORE', KEYS[1], entries[#entries]) or ''
local limit = ARGV[4] ~= '' and tonumber(ARGV[5]) or 0
local gone, removed = 0, 0
for _, gid in ipairs(entries) do
  local keys = {ARGV[1] .. '_g_' .. gid, ARGV[1] .. '_b_' .. gid, ARGV[1] .. '_s_' .. gid}
  local drop = redis.call('EXISTS', keys[1]) == 0
  if not drop and removed < limit then
    local g, status = redis.call('GET', keys[1]), redis.call('GET', keys[3])
    local ours = string.sub(g, 1, 22) == '{"id":0,"update_time":'
    if ours and (status == 'succeed' or status == 'failed') then
      local key = status == 'succeed' and ',"finish_time":"' or ',"rollback_time":"'
      local _, at = string.find(g, key, 1, true)
      if at and string.sub(g, at + 1, at + 24) < ARGV[4] then
        redis.call('DEL', keys[1], keys[2], keys[3])
        drop = true
        removed = removed + 1
      end
    end
  end
  if drop then
    for i = 1, 3 do redis.call('ZREM', KEYS[i], gid) end
    gone = gone + 1
  end
end
return {#entries, gone, removed, newest}
)lua";

constexpr std::string_view index = R"lua(
-- KEYS c o   ARGV prefix (gid created)...
for i = 2, #ARGV, 2 do
  local status = redis.call('GET', ARGV[1] .. '_s_' .. ARGV[i])
  if status then
    redis.call('ZADD', KEYS[1], 'NX', ARGV[i + 1], ARGV[i])
    if status ~= 'succeed' and status ~= 'failed' then redis.call('ZADD', KEYS[2], 'NX', ARGV[i + 1], ARGV[i]) end
  end
end
return 0
)lua";

constexpr std::string_view kv = R"lua(
-- KEYS kv category   ARGV old new key     old: what is stored now, empty for nothing; new: empty to delete
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 1 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('ZADD', KEYS[2], 0, ARGV[3])
end
return 0
)lua";

constexpr std::array<std::string_view, script_count> sources{insert, update, append, replace, load,  claim,
                                                             reset,  list,   oldest, sweep,   index, kv};

std::string sha1(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
        out += "0123456789abcdef"[digest[i] >> 4];
        out += "0123456789abcdef"[digest[i] & 15];
    }
    return out;
}

}  // namespace

std::string_view source_of(Script script) { return sources[static_cast<std::size_t>(script)]; }

const std::string& sha_of(Script script) {
    static const auto shas = [] {
        std::array<std::string, script_count> out;
        for (std::size_t i = 0; i < script_count; ++i) out[i] = sha1(sources[i]);
        return out;
    }();
    return shas[static_cast<std::size_t>(script)];
}

}  // namespace dtmd::store::redis
