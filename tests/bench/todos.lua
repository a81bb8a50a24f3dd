-- wrk: BENCH_MODE list, unchanged (If-None-Match: 304), change (PATCH), create (POST), or hello. The last line is
-- "RPS ERRORS".
local mode, next_thread = os.getenv("BENCH_MODE"), 0
local expected = {hello = 200, list = 200, unchanged = 304, change = 200, create = 201}

function setup(thread)
  next_thread = next_thread + 1
  thread:set("number", next_thread)
end

function init()
  bad, count = 0, 0
  if mode == "hello" then return end
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
  if mode == "unchanged" then wrk.headers["If-None-Match"] = os.getenv("BENCH_ETAG") end
  if mode == "change" or mode == "create" then
    wrk.method = mode == "change" and "PATCH" or "POST"
    wrk.headers["Content-Type"] = "application/json"
  end
end

function request()
  count = count + 1
  if mode == "change" then wrk.body = string.format('{"order":%d}', number * 1000000 + count) end
  if mode == "create" then wrk.body = string.format('{"title":"Todo %d of client %d"}', count, number) end
  return wrk.format()
end

function response(status)
  if status ~= expected[mode] then bad = bad + 1 end
end

function done(summary)
  local e = summary.errors
  local wrong = e.connect + e.read + e.write + e.timeout
  if expected[mode] < 300 then wrong = wrong + e.status end
  io.write(string.format("%.1f %d\n", summary.requests / (summary.duration / 1e6), wrong))
end
