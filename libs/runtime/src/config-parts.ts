import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDuration } from '#domain/duration';
import { failingNotificationsMax } from '#domain/failing-endpoint';
import { renewedSecret } from './config.js';

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text.trim());
  if (ms !== null) return ms;
  context.addIssue(`${JSON.stringify(text)} is not a duration like 500ms, 5s, 30m, 2h or 7d`);
  return z.NEVER;
});

/** A list of durations with the text each was given as: tier topics are named after it. */
const durations = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim());
  const list = names.map((name) => ({ name, ms: parseDuration(name) ?? 0 }));
  const wrong = list.filter(({ ms }) => ms === 0).map(({ name }) => JSON.stringify(name));
  if (wrong.length === 0 && list.length <= 30) return list;
  context.addIssue(
    wrong.length > 0 ? `${wrong.join(', ')} is not a duration like 5s, 30m or 2h` : 'has over 30 entries',
  );
  return z.NEVER;
});

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== ''),
);
const brokers = list.refine((all) => all.length > 0 && all.every((one) => /^[^\s:]+:\d{1,5}$/.test(one)), {
  message: 'must be host:port, comma separated',
});
const nameServers = list.refine((all) => all.every(isNameServer), {
  message: 'must be addresses or address:port ([address]:port for IPv6), comma separated',
});
const listen = z.string().transform((text, context) => {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match !== null && Number(match[2]) <= 65_535) return { host: match[1] ?? '', port: Number(match[2]) };
  context.addIssue('must be host:port, e.g. 0.0.0.0:8080');
  return z.NEVER;
});
const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
const ms = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const whole = ms;

function isNameServer(text: string): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+)):\d{1,5}$/.exec(text) ?? [];
  return isIP(bracketed ?? plain ?? text) !== 0;
}

/** A path that must lead to a file we may read. */
const readableFile = z.string().superRefine((file, context) => {
  const said = unreadable(file);
  if (said !== null) context.addIssue(`cannot be read: ${said}`);
});
/** The text behind a function, for it may be another one later. */
const renewed = z
  .string()
  .min(1)
  .transform((text) => () => text);

const defaultTiers = '5s,30s,5m,30m,2h,6h,24h';
const defaultSchedule = '5s,5m,30m,2h,5h,10h,14h,20h,24h';

/** Brokers, group timing and topics. */
export const kafkaPart = {
  KAFKA_BROKERS: brokers.describe('brokers to begin with: host:port, comma separated'),
  KAFKA_SSL: flag.default(false).describe('true speaks TLS to the brokers'),
  KAFKA_SSL_CA_FILE: readableFile.optional().describe('PEM file of the authority that signed the brokers'),
  KAFKA_SSL_CERT_FILE: readableFile.optional().describe('PEM file of our own certificate'),
  KAFKA_SSL_KEY_FILE: readableFile.optional().describe('PEM file of our own key'),
  KAFKA_SSL_KEY_PASSWORD: renewed.optional().describe('password of an encrypted key').meta(renewedSecret),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional().describe('SASL mechanism'),
  KAFKA_SASL_USERNAME: z.string().optional().describe('SASL user'),
  KAFKA_SASL_PASSWORD: renewed.optional().describe('SASL password').meta(renewedSecret),
  KAFKA_SESSION_TIMEOUT_MS: ms(3_000, 300_000)
    .default(20_000)
    .describe('a silent member loses its partitions after this'),
  KAFKA_HEARTBEAT_MS: ms(500, 60_000).default(3_000).describe('between two heartbeats'),
  KAFKA_REBALANCE_TIMEOUT_MS: ms(3_000, 600_000).default(60_000).describe('how long members may take to join again'),
  TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]*$/)
    .default('hookline.')
    .describe('before every topic and group name'),
  TOPIC_PROFILE: z
    .enum(['production', 'development'])
    .default('production')
    .describe('partitions and replicas of new topics'),
  EVENT_TOPICS: list.default([]).describe('topics events are read from; empty takes <prefix>events'),
  RETRY_TIERS: durations
    .prefault(defaultTiers)
    .refine((tiers) => tiers.every(({ ms: delay }, i) => i === 0 || delay > (tiers[i - 1]?.ms ?? 0)), {
      message: 'must rise from entry to entry',
    })
    .describe('delays of the retry tiers, rising'),
};

/** The database. */
export const databasePart = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, { message: 'must begin with postgres://' })
    .transform((text) => () => text)
    .describe('postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=FILE')
    .meta(renewedSecret),
  DATABASE_POOL_MAX: whole(2, 100)
    .default(6)
    .describe('connections of one app to Postgres; a retry-scheduler has 18 at least'),
};

/** How events are gathered. */
export const gatherPart = {
  GATHER_MS: ms(0, 1_000)
    .default(15)
    .describe('after a request that brought events the next one waits up to this until ten have come'),
};

/** What every app has. */
export const appPart = {
  HTTP_LISTEN: listen.prefault('0.0.0.0:8080').describe('host:port of /livez, /readyz and /metrics'),
  DRAIN_TIMEOUT_MS: ms(1_000, 600_000).default(40_000).describe('how long a stopping app waits for what is under way'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('least level that is written'),
};

/** Which addresses are let through, as well when an endpoint is saved as when it is used. */
export const egressPart = {
  EGRESS_ALLOW: list.default([]).describe('addresses the guard lets through: CIDR, CIDR:port or host:port'),
};

/** How old a notification may grow. */
export const agePart = {
  NOTIFICATION_MAX_AGE: duration.prefault('7d').describe('a notification older than this is failed EXPIRED'),
};

/** How notifications are repeated where nobody nearer says it. */
export const schedulePart = {
  RETRY_SCHEDULE: durations
    .prefault(defaultSchedule)
    .transform((steps) => steps.map(({ ms: delay }) => delay))
    .describe('delays after the 1st, 2nd ... failure, where template, endpoint and tenant say none'),
};

/** How attempts are made and repeated. */
export const deliveryPart = {
  ...schedulePart,
  RETRY_JITTER: z.coerce.number().min(0).max(1).default(0.1).describe('additive jitter as a share of the delay'),
  ...agePart,
  ATTEMPT_TIMEOUT_MS: ms(100, 30_000).default(15_000).describe('total deadline of one attempt'),
  CONNECT_TIMEOUT_MS: ms(50, 30_000).default(5_000).describe('deadline of connecting'),
  LEASE_MARGIN_MS: ms(3_000, 300_000).default(15_000).describe('a claim is held for the deadline and this'),
  UNHINTED_DELAY_MS: ms(0, 86_400_000).default(60_000).describe('least delay after a 429 or a timeout without a hint'),
  ENDPOINT_CONCURRENCY: whole(1, 1_000).default(10).describe('requests under way to one endpoint, unless it says else'),
  DISPATCH_CONCURRENCY: whole(1, 10_000).default(500).describe('requests under way of one dispatcher'),
  SPILL_AFTER_MS: ms(10, 60_000).default(250).describe('a full lane that stands still this long is spilled'),
  EGRESS_SOCKETS_MAX: whole(1, 20_000)
    .optional()
    .describe('sockets open to all receivers together, idle ones included; empty: twice DISPATCH_CONCURRENCY'),
  EGRESS_DNS_SERVERS: nameServers
    .default([])
    .describe("name servers for receivers' names, address or address:port; empty: those of the system"),
  RESPONSE_READ_BYTES: whole(0, 1_048_576).default(65_536).describe('bytes of an answer that are read'),
  RESPONSE_STORE_BYTES: whole(0, 1_048_576).default(16_384).describe('bytes of an answer that are kept'),
  ...egressPart,
};

/** When an endpoint is left alone, and for how long. */
export const circuitPart = {
  CIRCUIT_WINDOW_MS: ms(1_000, 3_600_000).default(60_000).describe('results of an endpoint are judged over this'),
  CIRCUIT_MIN_RESULTS: whole(1, 10_000).default(10).describe('fewer results than this say nothing by their share'),
  CIRCUIT_FAILURE_RATE: z.coerce
    .number()
    .gt(0)
    .max(1)
    .default(0.7)
    .describe('share of failures at which a circuit opens'),
  CIRCUIT_CONSECUTIVE: whole(1, 10_000).default(10).describe('so many in a row open it whatever their share'),
  CIRCUIT_OPEN_MS: ms(100, 3_600_000).default(30_000).describe('an open circuit is probed after this, +-20 %'),
  CIRCUIT_OPEN_MAX_MS: ms(100, 86_400_000)
    .default(600_000)
    .describe('twice as long after each failed probe, up to this'),
  CIRCUIT_FREEZE_RATE: z.coerce
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('when more of the endpoints than this begin to fail together no circuit opens; 1 switches that off'),
  CIRCUIT_FREEZE_MIN_ENDPOINTS: whole(2, 10_000).default(10).describe('fewer endpoints than this say nothing of that'),
};

/** When an endpoint that only fails is switched off. */
export const autoDisablePart = {
  AUTO_DISABLE_AFTER_MS: ms(0, 31_536_000_000)
    .default(432_000_000)
    .describe(
      'an endpoint that has only failed for this long is disabled; warnings after a fifth and three fifths; 0: never',
    ),
  AUTO_DISABLE_MIN_ATTEMPTS: whole(1, 1_000_000).default(20).describe('not after fewer failed attempts than this'),
  AUTO_DISABLE_MIN_NOTIFICATIONS: whole(1, failingNotificationsMax)
    .default(2)
    .describe('nor when those were of fewer notifications than this'),
  AUTO_DISABLE_MIN_SPREAD_MS: ms(0, 31_536_000_000)
    .default(43_200_000)
    .describe('nor when the last failure came less than this after the first'),
};

/** How what was lost is found. */
export const sweepPart = {
  SWEEP_INTERVAL_MS: ms(100, 600_000).default(5_000).describe('between two rounds of the sweep'),
  SWEEP_GRACE_MS: ms(100, 3_600_000).default(30_000).describe('a due row is left alone for this long'),
  LEASE_GRACE_MS: ms(0, 600_000)
    .default(15_000)
    .describe('Postgres must have answered for this long before leases are judged'),
};

/** Why a file cannot be read; null when it can. */
function unreadable(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** How long an event is remembered. */
export const receiptsPart = {
  DEDUPE_WINDOW: duration
    .prefault('24h')
    .describe('the same event produced again within this makes no second notification, whatever its time'),
};

/** How the books are checked. */
export const booksPart = {
  BOOKS_INTERVAL_MS: ms(100, 60_000)
    .default(10_000)
    .describe('between two looks at the books; a difference counts when two of them find it'),
};

/** How long the history is kept, and what lies beside it. */
export const retentionPart = {
  RETENTION: z
    .enum(['on', 'dry-run', 'off'])
    .default('on')
    .describe(
      'on removes what is older than the variables below say, dry-run only says what it would, off does neither',
    ),
  PAYLOAD_RETENTION: duration
    .prefault('30d')
    .describe(
      'request bodies are kept for this after the time of their event, by whole days (UTC); then nothing is sent again',
    ),
  NOTIFICATION_RETENTION: duration
    .prefault('400d')
    .describe(
      'notifications and their attempts are kept for this after the time of their event, by whole weeks (Monday to Sunday, UTC), and re-sends as long as their notifications',
    ),
  PARKED_RETENTION: duration
    .prefault('90d')
    .describe('parked events are kept for this after they were parked, whether they were released or not'),
  UNMATCHED_RETENTION: duration
    .prefault('7d')
    .describe('events that no template took are known for this; the events topics keep the records themselves for 7d'),
  OPERATOR_LOG_RETENTION: duration.prefault('400d').describe('what operators did is on record for this'),
};

/** The key encryption keys that seal the secrets at rest. */
export const secretsPart = {
  KEK_FILE: readableFile.describe('file of key encryption keys: lines id:base64 of 32 bytes, the first is active'),
};

const pemFile = z.string().optional();

/** Where and how the admin API is served. */
export const grpcPart = {
  GRPC_LISTEN: listen.prefault('127.0.0.1:50051').describe('host:port of the admin API'),
  GRPC_TLS: z.enum(['on', 'off']).optional().describe('off serves plain text on any address; on wants the files'),
  GRPC_TLS_CERT_FILE: pemFile.describe('PEM file of the certificate of the admin API'),
  GRPC_TLS_KEY_FILE: pemFile.describe('PEM file of its key'),
  GRPC_TLS_CA_FILE: pemFile.describe(
    'PEM file of the authority that signs clients; callers must then show a certificate',
  ),
  GRPC_REFLECTION: flag.default(false).describe('true lets callers without a key read the description of the API'),
};
