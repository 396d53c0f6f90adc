-- wrk script: sends the requests of the file REQUESTS (each behind a line with its length), in order, over and over,
-- beginning with the one after OFFSET.
local requests, last, next_one = {}, 0, 0

function init(args)
  local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
  while true do
    local length = file:read("*l")
    if not length then break end
    last = last + 1
    requests[last] = file:read(tonumber(length))
  end
  file:close()
  next_one = tonumber(os.getenv("OFFSET") or "0") % last
end

function request()
  next_one = next_one % last + 1
  return requests[next_one]
end

function done(summary, latency, rates)
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    'RESULT {"requests":%d,"us":%d,"bytes":%d,"non2xx":%d,"sock":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.bytes, summary.errors.status, broken,
    latency:percentile(50), latency:percentile(99)))
end
