/**
 * `keyturn/redis`: tokens shared by all workers that reach one Redis (or Valkey).
 *
 * ```ts
 * import { createClient } from "redis";
 * import { redisStore } from "keyturn/redis";
 * const redis = await createClient({ url }).connect();
 * const c1 = new ConductorOne({ clientID, clientSecret, tokenStore: encryptedStore(redisStore(redis), key) });
 * ```
 */

import { ConfigurationError } from "../base/errors.js";
import type { TokenStore } from "./sharing.js";

/** The parts in use of a client or a pool of the package `redis` (4 or newer). */
export interface NodeRedis {
  sendCommand(command: string[]): Promise<unknown>;
}

/** The parts in use of a cluster of the package `redis`. */
export interface NodeRedisCluster {
  readonly masters: unknown;
  sendCommand(firstKey: string, isReadonly: boolean, command: string[]): Promise<unknown>;
}

/** The parts in use of a client of the package `redis` that finds its server through sentinels. */
export interface NodeRedisSentinel {
  getSentinelNode: unknown;
  sendCommand(isReadonly: boolean, command: string[]): Promise<unknown>;
}

/** The parts in use of a client or a cluster of the package `ioredis`. */
export interface IoRedis {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client that {@link redisStore} can use: no version of either package is required. */
export type RedisClient = NodeRedis | NodeRedisCluster | NodeRedisSentinel | IoRedis;

/** Options of {@link redisStore}. */
export interface RedisOptions {
  /** A prefix for each key. Default: none; keys begin with `keyturn1.` already. */
  prefix?: string | undefined;
}

/** Sends a command whose first key is `key`. */
type Send = (key: string, command: string[]) => Promise<unknown>;

/** Determines how to call the client. Each kind has its own `sendCommand`, and none refuses another's arguments. */
function senderOf(client: RedisClient): Send {
  const unusable = (message: string): ConfigurationError =>
    new ConfigurationError("redisStore", "client", `redisStore: ${message}`);
  const given = Object(client) as Record<string, unknown>;
  if (typeof given.call === "function")
    return (_, [command = "", ...args]) => (client as IoRedis).call(command, ...args);
  // Clients of `redis` 3, and those of 4 in its legacy mode, take callbacks and would never respond.
  if (
    typeof given.send_command === "function" ||
    (Object(given.options) as { legacyMode?: unknown }).legacyMode === true
  )
    throw unusable("this client uses callbacks; use `redis` 4 or newer without legacy mode, or `ioredis`");
  if (typeof given.sendCommand !== "function")
    throw unusable("not a client, cluster or sentinel of `redis` or `ioredis`");
  if ("masters" in given) return (key, command) => (client as NodeRedisCluster).sendCommand(key, false, command);
  if ("getSentinelNode" in given) return (_, command) => (client as NodeRedisSentinel).sendCommand(false, command);
  return (_, command) => (client as NodeRedis).sendCommand(command);
}

// An entry is a hash of value and version. A script runs alone, so what it compared cannot change before it writes.
const GET = `local e = redis.call("HMGET", KEYS[1], "v", "n") if not e[1] then return false end return {e[1], e[2], redis.call("PTTL", KEYS[1])}`;
const SET = `local n = redis.call("HGET", KEYS[1], "n") or ""
if n ~= ARGV[2] then return false end
redis.call("HSET", KEYS[1], "v", ARGV[1], "n", ARGV[3]) redis.call("PEXPIRE", KEYS[1], ARGV[4]) return ARGV[3]`;
const RELEASE = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`;
const EXTEND = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end return 0`;
const DELETE = `if ARGV[1] == "" or redis.call("HGET", KEYS[1], "n") == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`;

/**
 * Creates a store in Redis 6 or newer. Leases are `SET NX PX` with a value that only their holder knows. Each command
 * has one key, so a cluster works as well as a single server.
 *
 * @throws {@link ConfigurationError} if the client is of an unknown kind.
 */
export function redisStore(client: RedisClient, { prefix = "" }: RedisOptions = {}): TokenStore {
  const send = senderOf(client);
  const run = (script: string, key: string, ...args: string[]): Promise<unknown> =>
    send(prefix + key, ["EVAL", script, "1", prefix + key, ...args]);
  const whole = (ms: number): string => String(Math.max(1, Math.ceil(ms)));

  return {
    async get(key) {
      const found = await run(GET, key);
      if (!Array.isArray(found)) return undefined;
      const [value, version, left] = found.map(String);
      return { value: value ?? "", version: version ?? "", leftMs: Number(left) };
    },
    async compareAndSet(key, value, expected, ttlMs) {
      const version = crypto.randomUUID();
      const set = await run(SET, key, value, expected ?? "", version, whole(ttlMs));
      return set ? version : undefined;
    },
    async lease(key, ttlMs) {
      const name = `${key}.lease`;
      const own = crypto.randomUUID();
      if (!(await send(prefix + name, ["SET", prefix + name, own, "NX", "PX", whole(ttlMs)]))) return undefined;
      return {
        release: async () => {
          await run(RELEASE, name, own);
        },
        extend: async (ttlMs) => Boolean(Number(await run(EXTEND, name, own, whole(ttlMs)))),
      };
    },
    async delete(key, version = "") {
      await run(DELETE, key, version);
    },
  };
}
