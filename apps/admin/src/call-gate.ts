import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Clock } from '#domain/clock';
import type { Log } from '#telemetry/log';
import type { ApiKeys } from './api-keys.js';
import { CallRefused, refusalOf } from './grpc-status.js';

/** Who calls, and until when an answer is of use. */
export interface Caller {
  readonly principal: string;
  /** The key belongs to no tenant: what is the installation's own may be shown to it. */
  readonly isPlatform: boolean;
  /** Aborted when the call has ended: answered, cancelled or past its deadline. */
  readonly signal: AbortSignal;
}

/** What the gate needs. */
export interface CallGateOptions {
  readonly keys: ApiKeys;
  /** Services without a key, e.g. `/grpc.health.v1.Health/`; every other method needs one. */
  readonly openServices: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

type InterceptedCall = Parameters<ServerInterceptor>[1];

const metadataBytesMax = 8 * 1_024;
/** Of calls that name no deadline. */
const deadlineMs = 30_000;
/** Of calls that name a later one, Apply included. */
const deadlineMsMax = 120_000;
/** Of calls without a key: whoever watches longer asks again. */
const openDeadlineMsMax = 10 * 60_000;
/** Calls without a key under way in this process, most of them watchers of the health. */
const openCallsMax = 100;

/** Every call passes here: it has a known key or is open to all, and a deadline; what has a key has a line in the log. */
export class CallGate {
  private openCalls = 0;
  /** By the call's own metadata, which grpc-js hands on as it is: nothing a caller sends can forge it. */
  private readonly callers = new WeakMap<Metadata, Caller>();

  constructor(private readonly options: CallGateOptions) {}

  /** For `new Server({ interceptors: [...] })`. */
  readonly interceptor: ServerInterceptor = ({ path }, call) => {
    const isOpen = this.options.openServices.some((service) => path.startsWith(service));
    return isOpen ? this.letIn(call) : this.guard(path, call);
  };

  /** Runs the work of one call; what it throws becomes a status. The metadata are those the handler was given. */
  async answer<T>(metadata: Metadata, work: (caller: Caller) => Promise<T>): Promise<T> {
    try {
      const caller = this.callers.get(metadata);
      if (caller === undefined) throw unknownCaller();
      return await work(caller);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code === status.INTERNAL) this.options.log.error('call.broken', { err: error });
      if (refusal.code === status.UNAVAILABLE) this.options.log.warn('call.unavailable', { cause: String(error) });
      throw refusal;
    }
  }

  private guard(path: string, call: InterceptedCall): ServerInterceptingCall {
    const { clock, log } = this.options;
    const startedMs = clock.monotonicMs();
    const ended = new AbortController();
    let principal: string | null = null;
    const end = (code: status) => {
      if (ended.signal.aborted) return;
      ended.abort();
      const durationMs = Math.round(clock.monotonicMs() - startedMs);
      log.info('call.finished', { method: path, principal, code: status[code], durationMs });
    };
    const refuse = ({ code, details, metadata }: CallRefused) => {
      end(code);
      call.sendStatus({ code, details, metadata });
    };
    const isUnbounded = call.getDeadline() === Number.POSITIVE_INFINITY;
    this.endAfter(isUnbounded ? deadlineMs : deadlineMsMax, ended.signal, refuse);
    const onReceiveMetadata = (metadata: Metadata, next: (metadata: Metadata) => void) => {
      const admitted = this.admit(metadata);
      if (admitted instanceof CallRefused) return refuse(admitted);
      principal = admitted;
      // So far every key belongs to no tenant (ApiKeys).
      this.callers.set(metadata, { principal, isPlatform: true, signal: ended.signal });
      next(metadata);
    };
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onReceiveMetadata, onCancel: () => end(status.CANCELLED) }),
      sendStatus: (answer, next) => {
        end(answer.code);
        next(answer);
      },
    });
  }

  /** A call without a key: bounded in number, time and metadata, and without a line in the log. */
  private letIn(call: InterceptedCall): ServerInterceptingCall {
    const ended = new AbortController();
    const end = () => {
      if (ended.signal.aborted) return;
      ended.abort();
      this.openCalls--;
    };
    const refuse = ({ code, details, metadata }: CallRefused) => {
      end();
      call.sendStatus({ code, details, metadata });
    };
    this.openCalls++;
    this.endAfter(openDeadlineMsMax, ended.signal, refuse);
    const onReceiveMetadata = (metadata: Metadata, next: (metadata: Metadata) => void) => {
      const refusal = this.openCalls > openCallsMax ? tooManyOpen() : metadataFault(metadata);
      if (refusal === null) next(metadata);
      else refuse(refusal);
    };
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onReceiveMetadata, onCancel: end }),
      sendStatus: (answer, next) => {
        end();
        next(answer);
      },
    });
  }

  /** A deadline the caller named is kept by grpc-js, so the earlier of the two ends the call. */
  private endAfter(msMax: number, ended: AbortSignal, refuse: (refusal: CallRefused) => void): void {
    void this.options.clock.wait(msMax, ended).then(() => {
      if (!ended.aborted) refuse(tooLate(msMax));
    });
  }

  private admit(metadata: Metadata): string | CallRefused {
    const fault = metadataFault(metadata);
    if (fault !== null) return fault;
    const given = metadata.get('authorization');
    const principal = given.length === 1 ? this.options.keys.principalOf(String(given[0])) : null;
    return principal ?? unknownCaller();
  }
}

function unknownCaller(): CallRefused {
  return new CallRefused(status.UNAUTHENTICATED, 'authorization: Bearer <API key> is missing or wrong', 'NO_VALID_KEY');
}

function metadataFault(metadata: Metadata): CallRefused | null {
  const bytes = Object.entries(metadata.toHttp2Headers()).reduce(
    (sum, [name, value]) => sum + name.length + String(value).length,
    0,
  );
  if (bytes <= metadataBytesMax) return null;
  return new CallRefused(status.RESOURCE_EXHAUSTED, `over ${metadataBytesMax} bytes of metadata`, 'METADATA_SIZE');
}

function tooManyOpen(): CallRefused {
  const said = `${openCallsMax} calls without a key are under way; try again later`;
  return new CallRefused(status.RESOURCE_EXHAUSTED, said, 'TOO_MANY_CALLS');
}

function tooLate(msMax: number): CallRefused {
  return new CallRefused(status.DEADLINE_EXCEEDED, `no answer within ${msMax} ms`, 'DEADLINE');
}
