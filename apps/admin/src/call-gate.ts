import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Clock } from '#domain/clock';
import type { Log } from '#telemetry/log';
import type { ApiKeys } from './api-keys.js';
import { CallRefused, refusalOf } from './grpc-status.js';

/** Who calls, and until when an answer is of use. */
export interface Caller {
  readonly principal: string;
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

/** Every call passes here: it has a known key, a deadline, and one line in the log. */
export class CallGate {
  /** By the call's own metadata, which grpc-js hands on as it is: nothing a caller sends can forge it. */
  private readonly callers = new WeakMap<Metadata, Caller>();

  constructor(private readonly options: CallGateOptions) {}

  /** For `new Server({ interceptors: [...] })`. */
  readonly interceptor: ServerInterceptor = ({ path }, call) => {
    const isOpen = this.options.openServices.some((service) => path.startsWith(service));
    return isOpen ? new ServerInterceptingCall(call) : this.guard(path, call);
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
    if (call.getDeadline() === Number.POSITIVE_INFINITY)
      void clock.wait(deadlineMs, ended.signal).then(() => {
        if (!ended.signal.aborted) refuse(tooLate());
      });
    const onReceiveMetadata = (metadata: Metadata, next: (metadata: Metadata) => void) => {
      const admitted = this.admit(metadata);
      if (admitted instanceof CallRefused) return refuse(admitted);
      principal = admitted;
      this.callers.set(metadata, { principal, signal: ended.signal });
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

  private admit(metadata: Metadata): string | CallRefused {
    const bytes = Object.entries(metadata.toHttp2Headers()).reduce(
      (sum, [name, value]) => sum + name.length + String(value).length,
      0,
    );
    if (bytes > metadataBytesMax)
      return new CallRefused(status.RESOURCE_EXHAUSTED, `over ${metadataBytesMax} bytes of metadata`, 'METADATA_SIZE');
    const given = metadata.get('authorization');
    const principal = given.length === 1 ? this.options.keys.principalOf(String(given[0])) : null;
    return principal ?? unknownCaller();
  }
}

function unknownCaller(): CallRefused {
  return new CallRefused(status.UNAUTHENTICATED, 'authorization: Bearer <API key> is missing or wrong', 'NO_VALID_KEY');
}

function tooLate(): CallRefused {
  return new CallRefused(status.DEADLINE_EXCEEDED, `no answer within ${deadlineMs} ms`, 'DEADLINE');
}
