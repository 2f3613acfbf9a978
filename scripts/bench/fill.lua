-- wrk's side of filling a store: as many finished or unfinished transactions as there is time for.
-- Arguments: finished (messages without a branch, which succeed at once) or unfinished (prepared tcc, timing out in a
-- day). Gids grow like those that the coordinator gives out.
local kind, prefix
local count = 0
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(arguments)
    kind = arguments[1]
    math.randomseed(os.time())
    prefix = string.format("fill%x%06x-%d-", os.time(), math.random(0, 0xffffff), number)
end

function request()
    count = count + 1
    local gid = string.format("%s%010d", prefix, count)
    if kind == "finished" then
        return wrk.format("POST", "/api/dtmsvr/submit", nil,
            '{"gid":"' .. gid .. '","trans_type":"msg","wait_result":true,"steps":[],"payloads":[]}')
    end
    return wrk.format("POST", "/api/dtmsvr/prepare", nil,
        '{"gid":"' .. gid .. '","trans_type":"tcc","timeout_to_fail":86400}')
end

function done(summary)
    io.write(string.format("RESULT %d %d\n", summary.requests, summary.errors.status))
end
