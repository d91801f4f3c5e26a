-- Events for POST /v1/events, about 400 bytes each. Requests are made before the clock starts; while it runs, only
-- the ids in them are overwritten, in place, so that the load costs little beside the server.
-- Arguments: events a request, kind of ids (fixed | random | ordered), pause in ms, seed, write key.

local ffi = require("ffi")
local requests, turn, pause = {}, 0, 0
local digits = ffi.new("char[17]", "0123456789abcdef")
-- Places of the 32 digits in 00000000-0000-4000-8000-000000000000.
local places = {}
for place = 0, 35 do
  if place ~= 8 and place ~= 13 and place ~= 18 and place ~= 23 then places[#places + 1] = place end
end
local mark = "00000000-0000-4000-8000-000000000000"

local function event(user, number)
  local time = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - (number * 37) % 80000)
  return string.format(
    '{"eventId":"%s","userId":"user-%06d","eventType":"page_view","timestamp":"%s","metadata":{'
      .. '"url":"https://shop.example/products/%d?utm_source=newsletter&utm_medium=email","path":"/products/%d",'
      .. '"referrer":"https://search.example/","title":"Product %d of the catalogue","language":"en-GB",'
      .. '"viewport":{"width":1440,"height":900},"price":%d.95,"tags":["summer","outdoor"]}}',
    mark, user, time, number % 500, number % 500, number % 500, number % 90)
end

local function make(batch, first)
  local body
  if batch == 1 then
    body = event(first % 20000, first)
  else
    local events = {}
    for index = 1, batch do events[index] = event((first * batch + index) % 20000, first + index) end
    body = "[" .. table.concat(events, ",") .. "]"
  end
  return wrk.format("POST", nil, nil, body)
end

local kind
local random_bits = 0

function init(args)
  local batch, key = tonumber(args[1]), args[5]
  kind, pause = args[2], tonumber(args[3])
  math.randomseed(tonumber(args[4]))
  if pause == 0 then delay = nil end
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. key
  wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
  local count = batch == 1 and 4096 or 200
  for index = 1, count do
    local text = make(batch, index * 7)
    local bytes = ffi.new("char[?]", #text)
    ffi.copy(bytes, text, #text)
    local ids, from = {}, 1
    while true do
      local place = text:find(mark, from, true)
      if not place then break end
      ids[#ids + 1] = place - 1
      from = place + 36
    end
    requests[index] = { bytes = bytes, size = #text, ids = ids, text = text }
    for _, place in ipairs(ids) do random_id(bytes, place) end
    requests[index].text = ffi.string(bytes, #text)
  end
end

function random_id(bytes, start)
  for digit = 1, 32 do
    if digit ~= 13 and digit ~= 17 then bytes[start + places[digit]] = digits[math.random(0, 15)] end
  end
end

-- The first 12 digits count up with the events, the rest is random: the order of UUIDv7.
local counter = 0
local function ordered_id(bytes, start)
  counter = counter + 1
  local value = base + counter
  for digit = 12, 1, -1 do
    bytes[start + places[digit]] = digits[value % 16]
    value = math.floor(value / 16)
  end
  for digit = 18, 32 do bytes[start + places[digit]] = digits[math.random(0, 15)] end
end

function setup(thread) thread:set("base", os.time() * 1000 * 16) end

function request()
  turn = turn % #requests + 1
  local chosen = requests[turn]
  if kind == "fixed" then return chosen.text end
  local bytes, ids = chosen.bytes, chosen.ids
  local write = kind == "ordered" and ordered_id or random_id
  for index = 1, #ids do write(bytes, ids[index]) end
  return ffi.string(bytes, chosen.size)
end

-- Spread around its mean, so that connections do not march in step.
function delay() return pause * (0.5 + math.random()) end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%f,"failures":%d,"p50":%f,"p99":%f,"longest":%f}\n', summary.requests,
    summary.duration / 1e6, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
