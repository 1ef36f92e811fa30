-- Orders on invoice in client mode, each of somebody new. TOKEN: access token, COUPON: its code, NUMBER: its number.
local token, coupon, number = os.getenv("TOKEN"), os.getenv("COUPON"), os.getenv("NUMBER")
math.randomseed(os.time())
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. token
local order = [[{"paymentMethod":"invoice","currency":"NOK","externalOrderId":"bench-%d",
"payer":{"firstName":"Kari","lastName":"Nordmann","street":"Storgata","streetNumber":12,"postalCode":"0150",
"postalPlace":"Oslo","countryCode":"NO","emails":["kari%d@private.example"],"phoneNumbers":["+47900%05d"]},
"orderLines":[{"productSpecType":"coupon","productSpecCode":"%s","productSpecNo":%s}]}]]
request = function()
  local who = math.random(1, 99999999)
  return wrk.format(nil, nil, nil, order:format(who, who, who % 100000, coupon, number))
end
