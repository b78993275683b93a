-- Where the doctor's job is: waiting, failed, or gone. ARGV: the job as it was handed in, its id.
if redis.call('LPOS', 'queue:ingress', ARGV[1]) then return 'waiting' end
for _, set in ipairs({ 'dead', 'retry' }) do
  for _, entry in ipairs(redis.call('ZREVRANGE', set, 0, 199)) do
    if string.find(entry, ARGV[2], 1, true) then
      redis.call('ZREM', set, entry)
      local ok, job = pcall(cjson.decode, entry)
      local function field(name) return ok and type(job[name]) == 'string' and string.sub(job[name], 1, 300) or '' end
      return 'failed ' .. field('error_class') .. ': ' .. field('error_message')
    end
  end
end
return 'gone'
