-- Access checks in client mode for readers drawn at random. TOKEN: access token, READERS: file of unique ids.
local readers = {}
for line in io.lines(os.getenv("READERS")) do readers[#readers + 1] = line end
math.randomseed(1)
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
request = function()
  local reader = readers[math.random(#readers)]
  return wrk.format(nil, nil, nil, '{"product":"' .. os.getenv("PRODUCT") .. '","uniqueId":"' .. reader .. '"}')
end
