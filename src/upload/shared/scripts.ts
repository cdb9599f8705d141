/**
 * The scripts of the shared history. Each is one atomic step on the server.
 *
 * An epoch is the server's run id, a random word, how it began (`first`, or `after` another one) and when (ms of the
 * server's clock). A flush removes its key; a restart or the promotion of a replica changes the run id. In each case
 * claims and published contents may be lost, and every machine has to learn about that before it sends anything. So
 * each script that makes or renews a claim gets the epoch of its machine (ARGV[1]; the key is KEYS[1]) and does nothing
 * in another one.
 */
const RUN_ID = `
local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

const IN_EPOCH = `${RUN_ID}
local function is_over()
  local epoch = redis.call('GET', KEYS[1])
  return epoch ~= ARGV[1] or string.match(epoch, '^(%w+):') ~= run_id()
end
if is_over() then return {'epoch'} end
`;

/** The part of a checksum not given by its bucket's name, as bytes: half the memory of hex. */
const BINARY = `
local function binary(hex)
  return (string.gsub(hex, '..', function(pair) return string.char(tonumber(pair, 16)) end))
end
`;

/** How long an upload without a known outcome is remembered: a week. */
const DOUBT_MS = 7 * 86_400_000;

/**
 * Joins the current epoch, or begins one. If a machine that knows an earlier epoch finds a `first` one, it is a witness
 * that something was lost: the epoch's name changes, so that all machines learn about it.
 *
 * ARGV: a random word, the epoch that this machine knows ('' if none), how long after its beginning a witness counts
 * (ms).
 * → [epoch, its age in ms, 'first' | 'after']
 */
const JOIN = `${RUN_ID}
local run, time = run_id(), now()
local epoch = redis.call('GET', KEYS[1])
local of, kind, birth
if epoch then of, kind, birth = string.match(epoch, '^(%w+):[%w-]+:(%a+):(%d+)$') end
if of ~= run then
  kind = (epoch or ARGV[2] ~= '') and 'after' or 'first'
  birth = time
  epoch = nil
elseif kind == 'first' and ARGV[2] ~= '' and ARGV[2] ~= epoch and time - birth < tonumber(ARGV[3]) then
  kind = 'after'
  epoch = nil
end
if not epoch then
  epoch = string.format('%s:%s:%s:%.0f', run, ARGV[1], kind, tonumber(birth))
  redis.call('SET', KEYS[1], epoch)
end
return {epoch, time - birth, kind}`;

/**
 * KEYS: epoch, done bucket, lease, doubt. ARGV: epoch, token, lease ms, field of the bucket (hex).
 * → ['epoch'] | ['done'] | ['held', ms left] | ['claimed', in doubt since (0: not), now]
 */
const CLAIM = `${IN_EPOCH}${BINARY}
if redis.call('HEXISTS', KEYS[2], binary(ARGV[4])) == 1 then return {'done'} end
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[2] then return {'held', redis.call('PTTL', KEYS[3])} end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
return {'claimed', tonumber(redis.call('GET', KEYS[4]) or 0), now()}`;

/**
 * Records, before the first byte goes out, that contents are being sent; records nothing if a claim is lost.
 * KEYS: epoch, a lease and a doubt each. ARGV: epoch, lease ms, a token each.
 * → ['epoch'] | ['lost', numbers…] | ['marked']
 */
const MARK = `${IN_EPOCH}
local lost = {'lost'}
for at = 1, #ARGV - 2 do
  if redis.call('GET', KEYS[2 * at]) ~= ARGV[at + 2] then lost[#lost + 1] = at - 1 end
end
if #lost > 1 then return lost end
local time = now()
for at = 1, #ARGV - 2 do
  redis.call('PEXPIRE', KEYS[2 * at], ARGV[2])
  redis.call('SET', KEYS[2 * at + 1], time, 'PX', ${DOUBT_MS})
end
return {'marked'}`;

/** The stage beside each lease: `sending` updates the time of the doubt, `in-doubt` keeps it, `waiting` has none. */
const PROLONG = `
local function prolong(at, stage)
  if stage == 'sending' then redis.call('SET', KEYS[2 * at + 1], now(), 'PX', ${DOUBT_MS})
  elseif stage == 'in-doubt' then redis.call('SET', KEYS[2 * at + 1], now(), 'NX', 'PX', ${DOUBT_MS}) end
end
`;

/**
 * KEYS: epoch, a lease and a doubt each. ARGV: epoch, lease ms, a token and a stage each.
 * → ['epoch'] | ['renewed', numbers of lost ones…]
 */
const RENEW = `${IN_EPOCH}${PROLONG}
local answer = {'renewed'}
for at = 1, (#ARGV - 2) / 2 do
  if redis.call('GET', KEYS[2 * at]) == ARGV[2 * at + 1] then
    redis.call('PEXPIRE', KEYS[2 * at], ARGV[2])
    prolong(at, ARGV[2 * at + 2])
  else
    answer[#answer + 1] = at - 1
  end
end
return answer`;

/**
 * Takes back leases after an epoch began. One whose content another machine began to send in this epoch is lost, even if
 * that machine's lease has expired: its upload may still arrive. KEYS, ARGV and answer: see RENEW.
 */
const REGAIN = `${IN_EPOCH}${PROLONG}
local answer = {'renewed'}
for at = 1, (#ARGV - 2) / 2 do
  local holder = redis.call('GET', KEYS[2 * at])
  local is_ours = holder == ARGV[2 * at + 1]
  local is_free = not holder and redis.call('EXISTS', KEYS[2 * at + 1]) == 0
  if not is_ours and not is_free then
    answer[#answer + 1] = at - 1
  else
    redis.call('SET', KEYS[2 * at], ARGV[2 * at + 1], 'PX', ARGV[2])
    prolong(at, ARGV[2 * at + 2])
  end
end
return answer`;

/** Valid in every epoch. KEYS: done bucket, lease, doubt. ARGV: token, field. */
const DONE = `${BINARY}
redis.call('HSET', KEYS[1], binary(ARGV[2]), '')
redis.call('DEL', KEYS[3])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return {'done'}`;

/** KEYS: lease, doubt. ARGV: token, 1 if nothing of the content can be on the server. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'released'} end
redis.call('DEL', KEYS[1])
if ARGV[2] == '1' then redis.call('DEL', KEYS[2]) end
return {'released'}`;

/** KEYS: done buckets. ARGV: fields in the buckets' order. */
const PUBLISH = `${BINARY}
for at = 1, #KEYS do redis.call('HSET', KEYS[at], binary(ARGV[at]), '') end
return {'published'}`;

/** For what the server turned out not to have. KEYS: done buckets. ARGV: fields in the buckets' order. */
const RETRACT = `${BINARY}
for at = 1, #KEYS do redis.call('HDEL', KEYS[at], binary(ARGV[at])) end
return {'retracted'}`;

export const SCRIPTS = {
  join: JOIN,
  claim: CLAIM,
  mark: MARK,
  renew: RENEW,
  regain: REGAIN,
  done: DONE,
  release: RELEASE,
  publish: PUBLISH,
  retract: RETRACT,
} as const;
