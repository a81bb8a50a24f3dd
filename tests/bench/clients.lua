-- wrk: one connection a thread. BENCH_MODE get: GET with a bearer token. refresh: POST with a session of its own,
-- whose cookie is replaced by each answer. The last line is "RPS ERRORS".
local mode, next_thread = os.getenv("BENCH_MODE"), 0

function setup(thread)
  next_thread = next_thread + 1
  thread:set("number", next_thread)
end

function init()
  if mode == "refresh" then
    local file = assert(io.open(os.getenv("BENCH_DIR") .. "/cookie." .. number))
    cookie = file:read("*l")
    file:close()
    wrk.method = "POST"
    wrk.body = ""
  elseif mode == "get" then
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
  end
  if mode == "limited" then
    wrk.method = "POST"
    wrk.body = ""
    wrk.headers["Authorization"] = "Bearer x"
  end
  wanted = mode == "limited" and 429 or 200
  bad = 0
end

function request()
  if mode == "refresh" then wrk.headers["Cookie"] = cookie end
  return wrk.format()
end

function response(status, headers)
  if status ~= wanted then bad = bad + 1 end
  if mode ~= "refresh" then return end
  for name, value in pairs(headers) do
    if name:lower() == "set-cookie" then cookie = value:match("^[^;]+") end
  end
  -- What comes after this run goes on with the last cookie.
  local file = assert(io.open(os.getenv("BENCH_DIR") .. "/cookie." .. number, "w"))
  file:write(cookie, "\n")
  file:close()
end

function done(summary)
  local e = summary.errors
  if mode == "limited" then e.status = 0 end -- wrk counts every 4xx
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("%.1f %d\n", summary.requests / (summary.duration / 1e6), errors))
end
