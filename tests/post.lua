-- wrk -t4 -c100 -d30s -s tests/post.lua http://localhost:8080/orders
-- Orders of 1,000 users on BTCUSD: prices 49,000 to 51,000, quantities 1 to 10, 10 % MARKET,
-- 20 % IOC, the rest rests until it is met.

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("id", threads)
end

function init()
    math.randomseed(id * 7919)
end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
    local side = math.random(2) == 1 and "BUY" or "SELL"
    local kind = math.random(100)
    local terms
    if kind <= 10 then
        terms = '"order_type": "MARKET"'
    else
        terms = string.format(
            '"order_type": "LIMIT", "time_in_force": "%s", "price": "%d"',
            kind <= 30 and "IOC" or "GTC", math.random(49000, 51000))
    end
    return wrk.format(nil, nil, nil, string.format(
        '{"symbol": "BTCUSD", "side": "%s", "quantity": "%d", "user_id": "user%d", %s}',
        side, math.random(10), math.random(1000), terms))
end

-- What was answered, for `make bench`: wrk itself tells only the answers that are no 2xx or 3xx.
function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        'result {"requests": %d, "seconds": %.6f, "not_2xx": %d, "socket_errors": %d, '
            .. '"p50_us": %d, "p99_us": %d, "max_us": %d}\n',
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
