import type { ChaosEndpoint, DeliveryRules } from './chaos-settings.js';

/** What was produced, as upstream knows it. Times are milliseconds since the epoch. */
export interface GeneratedEvent {
  readonly id: string;
  /** `garbage` is no event at all. */
  readonly kind: 'matched' | 'unmatched' | 'garbage';
  /** Templates it must lead to. */
  readonly templates: readonly string[];
  /** Who wrote it: the generator to Kafka, or the admin's API. */
  readonly by: 'kafka' | 'admin';
  /** Records that were asked for: an event may be produced twice. */
  readonly records: number;
  readonly atMs: number;
  /** `unknown`: it may stand in the topic or not. */
  readonly ack: 'ok' | 'unknown';
}

/** An operator's wish for one more attempt. */
export interface AskedResend {
  readonly requestId: string;
  readonly notificationId: string;
  readonly eventId: string | null;
  readonly atMs: number;
  readonly ack: 'ok' | 'unknown';
}

/** One request as it arrived. Times are milliseconds since the epoch. */
export interface SeenRequest {
  readonly path: string;
  readonly method: string;
  readonly webhookId: string;
  readonly attempt: number;
  /** In its body; null where it has none. */
  readonly eventId: string | null;
  readonly atMs: number;
  readonly bodySha256: string;
  readonly bodyBytes: number;
  readonly signatureValid: boolean;
  /** `webhook-timestamp`, seconds. */
  readonly timestampS: number;
  readonly idempotencyKey: string;
  /** The status that was written; null without an answer. */
  readonly status: number | null;
  /** Bytes of the answer's body. */
  readonly answerBytes: number;
  /** `answered`: all of it was given to the system; `closed`: the other side went first; `reset`: by script. */
  readonly end: 'answered' | 'closed' | 'reset' | 'open';
  readonly endMs: number | null;
  /** Requests under way to its endpoint when it came, itself included. */
  readonly open: number;
}

/** One row of `v1_notifications`. */
export interface NotificationLine {
  readonly id: string;
  readonly eventId: string;
  readonly templateId: string;
  readonly endpointId: string;
  readonly state: string;
  readonly failureReason: string | null;
  readonly attemptCount: number;
  readonly step: number;
  readonly createdMs: number;
  readonly nextAttemptMs: number | null;
  readonly finishedMs: number | null;
  readonly payloadSha256: string | null;
  readonly payloadBytes: number | null;
}

/** One row of `v1_attempts`. */
export interface AttemptLine {
  readonly notificationId: string;
  readonly number: number;
  readonly trigger: string;
  readonly askedBy: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly failureReason: string | null;
  readonly httpStatus: number | null;
  readonly url: string;
  readonly dueMs: number | null;
  readonly startedMs: number;
  readonly finishedMs: number | null;
  readonly leaseUntilMs: number;
  readonly responseBytes: number | null;
  readonly errorDetail: string | null;
}

/** A fault that was carried out; `exit` is an app that ended by itself. */
export interface InjectedFault {
  readonly kind: 'kill' | 'freeze' | 'stop' | 'restart' | 'cut' | 'slow' | 'lose-answers' | 'starve' | 'exit';
  readonly part: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Attempts that were open in that instant, of all dispatchers; null where that could not be asked. */
  readonly claimsOpen: number | null;
  /** Of `kill` and `freeze` of a dispatcher: its own requests that waited for their answer. */
  readonly requestsOpen?: number | null;
  /** Of `stop` and `exit`; null: it had to be killed. */
  readonly exitCode?: number | null;
}

/** The first line of the books, over all partitions, and what stands in the topic. */
export interface EventBooks {
  readonly matched: number;
  readonly unmatched: number;
  readonly duplicate: number;
  readonly parked: number;
  readonly recordsInTopic: number;
}

/** A time in which an endpoint's circuit was seen open, up to its probe. */
export interface OpenCircuit {
  readonly endpointId: string;
  readonly openedMs: number;
  /** No attempt begins before this. */
  readonly probeMs: number;
}

/** An operator's pause. */
export interface AskedPause {
  readonly endpointId: string;
  /** When it was acknowledged. */
  readonly fromMs: number;
  /** When the end of it was asked for. */
  readonly untilMs: number;
}

/** An endpoint that was switched off. */
export interface DisabledEndpoint {
  readonly endpointId: string;
  readonly reason: string | null;
  readonly atMs: number;
}

/** What is known of a run as a whole, and is few whatever its length. */
export interface WholeRun {
  readonly faults: readonly InjectedFault[];
  readonly books: EventBooks;
  /** Records of `deliveries` that ask for what another one has asked for. */
  readonly duplicateRecords: number;
  readonly circuits: readonly OpenCircuit[];
  readonly pauses: readonly AskedPause[];
  readonly disabled: readonly DisabledEndpoint[];
}

/** Everything that is known of a run, or of a part of its events, when it is over; what the checker judges. */
export interface RunLogs extends WholeRun {
  readonly rules: DeliveryRules;
  readonly endpoints: readonly ChaosEndpoint[];
  /** `http://127.0.0.1:port` */
  readonly receiver: string;
  readonly events: readonly GeneratedEvent[];
  readonly resends: readonly AskedResend[];
  readonly requests: readonly SeenRequest[];
  readonly notifications: readonly NotificationLine[];
  readonly attempts: readonly AttemptLine[];
}

/** A promise that was not kept. */
export interface Violation {
  /** `I1` to `I26` of the list of invariants, `LEASE`, `PAUSE`, `EXIT` or `RESEND`. */
  readonly invariant: string;
  /** An event's id, a notification's id with its attempt, a fault. */
  readonly about: string;
  readonly said: string;
}
