-- Requests drawn at random from a file. REQUESTS: one a line: path, a tab, the access token.
local requests = {}
for line in io.lines(os.getenv("REQUESTS")) do
  local path, token = line:match("^(.-)\t(.+)$")
  requests[#requests + 1] = { path, { ["Accept"] = "application/json", ["Authorization"] = "Bearer " .. token } }
end
math.randomseed(1)
request = function()
  local chosen = requests[math.random(#requests)]
  return wrk.format("GET", chosen[1], chosen[2])
end
