-- Everything the doctor wants to know of Redis, as one JSON text. Only reads.
local function text(value) return value and tostring(value) or '' end
local function field(job, name) local v = job[name]; return type(v) == 'string' and string.sub(v, 1, 400) or '' end
local function failed(entries)
  local list = {}
  for _, entry in ipairs(entries) do
    local ok, job = pcall(cjson.decode, entry)
    if ok and type(job) == 'table' then
      list[#list + 1] = { class = field(job, 'wrapped') ~= '' and field(job, 'wrapped') or field(job, 'class'),
        queue = field(job, 'queue'), error_class = field(job, 'error_class'),
        error_message = field(job, 'error_message'), failed_at = text(job['failed_at']),
        retried_at = text(job['retried_at']) }
    end
  end
  return list
end
local now = redis.call('TIME')
local queues = {}
for _, name in ipairs(redis.call('SMEMBERS', 'queues')) do
  local key = 'queue:' .. name
  local oldest = redis.call('LINDEX', key, -1)
  local since = ''
  if oldest then
    local ok, job = pcall(cjson.decode, oldest)
    if ok and type(job) == 'table' then since = text(job['enqueued_at']) end
  end
  queues[#queues + 1] = { name = name, length = redis.call('LLEN', key), oldest = since }
end
local processes = {}
for _, identity in ipairs(redis.call('SMEMBERS', 'processes')) do
  local hash = redis.call('HMGET', identity, 'info', 'beat', 'busy', 'quiet')
  processes[#processes + 1] = { identity = identity, info = text(hash[1]), beat = text(hash[2]),
    busy = text(hash[3]), quiet = text(hash[4]) }
end
local retries, dead = redis.call('ZCARD', 'retry'), redis.call('ZCARD', 'dead')
return cjson.encode({
  now = now[1] .. '.' .. string.format('%06d', tonumber(now[2])),
  queues = queues, processes = processes,
  retries = retries, dead = dead,
  failed = failed(redis.call('ZRANGE', 'retry', 0, 19)),
  buried = failed(redis.call('ZREVRANGE', 'dead', 0, 9)),
  memory = redis.call('INFO', 'memory'), stats = redis.call('INFO', 'stats'),
  persistence = redis.call('INFO', 'persistence'), server = redis.call('INFO', 'server'),
})
