-- Refreshes: every request another refresh token, each used once. BASIC: the client's header, FIRST: number of the first.
local number = tonumber(os.getenv("FIRST"))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "Basic " .. os.getenv("BASIC")
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, "grant_type=refresh_token&refresh_token=benchmark-" .. number)
end
