import { type ArgumentsHost, Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { lastValueFrom, type Observable, throwError } from 'rxjs';
import type { KafkaRecord } from '#domain/kafka-record';
import type { PartitionEngine } from './partition-engine.js';

/** The transport of `@EventPattern(pattern, KAFKA_LOG)`. */
export const KAFKA_LOG = Symbol('KAFKA_LOG');

/** What the transport needs: an engine that reads exactly these topics. */
export interface KafkaLogServerOptions {
  readonly engine: PartitionEngine;
  /** Which topics a handler's pattern stands for; each topic stands once. */
  readonly topicsOf: Readonly<Record<string, readonly string[]>>;
  readonly drainTimeoutMs: number;
  /** Whether reading may begin, once that is known; until then no group is joined. Must not reject. */
  readonly mayRead: () => Promise<boolean>;
}

/**
 * Nest's transport over the partition engine: a handler is an ordinary `@EventPattern` method whose promise means
 * "durable"; its `@Ctx()` is for `signalOf`. `close()` starts no further record, waits for those under way and leaves the group.
 */
export class KafkaLogServer extends Server implements CustomTransportStrategy {
  override readonly transportId = KAFKA_LOG;
  private readonly patterns: ReadonlyMap<string, string>;
  /** By topic: Nest would parse the pattern again for each record. */
  private readonly handlers = new Map<string, MessageHandler>();
  private closing: Promise<void> | null = null;

  constructor(private readonly options: KafkaLogServerOptions) {
    super();
    this.patterns = new Map(
      Object.entries(options.topicsOf).flatMap(([pattern, topics]) => topics.map((topic) => [topic, pattern])),
    );
  }

  /** Returns at once: while the brokers are away the engine waits, and readiness says so. */
  listen(callback: (error?: unknown) => void): void {
    void this.startReading();
    callback();
  }

  close(): Promise<void> {
    this.closing ??= this.options.engine.drainAndStop(this.options.drainTimeoutMs);
    return this.closing;
  }

  override on(): never {
    throw new Error('this transport has no events of its own; ask the engine');
  }

  override unwrap<T>(): T {
    return this.options.engine as T;
  }

  private async startReading(): Promise<void> {
    if (!(await this.options.mayRead()) || this.closing !== null) return;
    this.options.engine.start((record, signal) => this.dispatch(record, signal));
  }

  private async dispatch(record: KafkaRecord, signal: AbortSignal): Promise<void> {
    const answer: unknown = await this.handlerOf(record.topic)(record, signal);
    if (isObservable(answer)) await lastValueFrom(answer, { defaultValue: undefined });
  }

  private handlerOf(topic: string): MessageHandler {
    const known = this.handlers.get(topic);
    if (known !== undefined) return known;
    const handler = this.getHandlerByPattern(this.patterns.get(topic) ?? topic);
    if (handler === null) throw new Error(`no handler for topic ${topic}`);
    this.handlers.set(topic, handler);
    return handler;
  }
}

/** What a handler's `@Ctx()` is: the signal of `RecordHandler`. Nest knows it as `unknown`. */
export function signalOf(context: unknown): AbortSignal {
  if (!(context instanceof AbortSignal)) throw new Error('not the context of a record');
  return context;
}

/** Nest's own filter turns an error into a plain object; the engine must see the Failure itself. */
@Catch()
export class RethrowFilter implements RpcExceptionFilter {
  catch(error: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => error);
  }
}

function isObservable(answer: unknown): answer is Observable<unknown> {
  return typeof answer === 'object' && answer !== null && 'subscribe' in answer;
}
