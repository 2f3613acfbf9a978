-- wrk's side of scripts/bench.sh: each request (tcc: four of them, pipelined) is one whole transaction with two
-- branches, and is answered when the transaction has ended.
-- Arguments: mode (saga, tcc, msg), the participant's URL, and for a saga the protocol of its branches (http).

local host_header = "127.0.0.1"
local participant, protocol, prefix
local count = 0
local make

local function post(path, body)
    return "POST /api/dtmsvr/" .. path .. " HTTP/1.1\r\nHost: " .. host_header ..
        "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

local function saga(gid)
    return post("submit", '{"gid":"' .. gid .. '","trans_type":"saga","protocol":"' .. protocol ..
        '","wait_result":true,"steps":[' ..
        '{"action":"' .. participant .. '/TransOut","compensate":"' .. participant .. '/TransOutRevert"},' ..
        '{"action":"' .. participant .. '/TransIn","compensate":"' .. participant .. '/TransInRevert"}],' ..
        '"payloads":["{\\"amount\\":30,\\"user_id\\":1}","{\\"amount\\":30,\\"user_id\\":2}"]}')
end

local function msg(gid)
    return post("submit", '{"gid":"' .. gid .. '","trans_type":"msg","wait_result":true,"query_prepared":"' ..
        participant .. '/Query","steps":[{"action":"' .. participant .. '/TransOut"},{"action":"' .. participant ..
        '/TransIn"}],"payloads":["{\\"amount\\":30,\\"user_id\\":1}","{\\"amount\\":30,\\"user_id\\":2}"]}')
end

local function tcc_branch(gid, branch, name)
    return post("registerBranch", '{"gid":"' .. gid .. '","trans_type":"tcc","branch_id":"' .. branch ..
        '","confirm":"' .. participant .. '/' .. name .. 'Confirm","cancel":"' .. participant .. '/' .. name ..
        'Cancel","data":"{\\"amount\\":30}"}')
end

local function tcc(gid)
    local body = '{"gid":"' .. gid .. '","trans_type":"tcc","wait_result":true}'
    return post("prepare", body) .. tcc_branch(gid, "01", "TransOut") .. tcc_branch(gid, "02", "TransIn") ..
        post("submit", body)
end

local makers = { saga = saga, tcc = tcc, msg = msg }
local requests_each = { saga = 1, tcc = 4, msg = 1 }

local threads = {}
function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(arguments)
    mode, participant = arguments[1], arguments[2]  -- mode is global: done() asks for it
    protocol = arguments[3] or "http"
    make = makers[mode]
    host_header = wrk.host .. ":" .. wrk.port
    math.randomseed(os.time())
    prefix = string.format("bench%x%06x-%d-", os.time(), math.random(0, 0xffffff), number)
end

function request()
    count = count + 1
    return make(prefix .. count)
end

-- Runs in the same state as setup(), which is none of the threads' own.
function done(summary, latency, requests)
    local errors, mode = summary.errors, threads[1]:get("mode")
    io.write(string.format("RESULT %d %.3f %.2f %.2f %.2f %d %d\n",
        math.floor(summary.requests / requests_each[mode]), summary.duration / 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
