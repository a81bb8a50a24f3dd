-- wrk: one connection a thread. BENCH_MODE hello, list, create, refresh, exchange or 401; BENCH_DIR has the tokens, and
-- cookie.N and proofs.N of the thread N. The last line is "RPS FAILED P50 P99", times in microseconds.
local mode, dir, next_thread = os.getenv("BENCH_MODE"), os.getenv("BENCH_DIR"), 0
local expected = {hello = 200, list = 200, create = 201, refresh = 200, exchange = 200, ["401"] = 401}

function setup(thread)
  next_thread = next_thread + 1
  thread:set("number", next_thread)
end

local function line_of(name)
  local file = assert(io.open(dir .. "/" .. name))
  local line = file:read("*l")
  file:close()
  return line
end

function init()
  bad, count = 0, 0
  if mode == "list" then
    wrk.headers["Authorization"] = "Bearer " .. line_of("reader")
  elseif mode == "create" then
    wrk.method = "POST"
    wrk.headers["Authorization"] = "Bearer " .. line_of("writer")
    wrk.headers["Content-Type"] = "application/json"
  elseif mode == "refresh" or mode == "exchange" then
    wrk.method = "POST"
    wrk.body = ""
    if mode == "refresh" then cookie = line_of("cookie." .. number) end
    if mode == "exchange" then proofs = assert(io.open(dir .. "/proofs." .. number)) end
  end
end

function request()
  count = count + 1
  if mode == "create" then wrk.body = string.format('{"title":"Todo %d of client %d"}', count, number) end
  if mode == "refresh" then wrk.headers["Cookie"] = cookie end
  if mode == "exchange" then wrk.headers["Authorization"] = "Bearer " .. (proofs:read("*l") or "none left") end
  return wrk.format()
end

function response(status, headers)
  if status ~= expected[mode] then bad = bad + 1 end
  if mode ~= "refresh" or status ~= 200 then return end
  for name, value in pairs(headers) do
    if name:lower() == "set-cookie" then cookie = value:match("^[^;]+") end
  end
  -- What comes after this run goes on with the last cookie.
  local file = assert(io.open(dir .. "/cookie." .. number, "w"))
  file:write(cookie, "\n")
  file:close()
end

function done(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.timeout
  if expected[mode] < 300 then failed = failed + e.status end
  io.write(string.format("%.1f %d %d %d\n", summary.requests / (summary.duration / 1e6), failed,
    latency:percentile(50), latency:percentile(99)))
end
