import { once } from 'node:events';
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  logVerbosity,
  Metadata,
  type ServiceError,
  setLogVerbosity,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { adminPackage, protoFiles, protoLoading } from '#contracts/admin-proto';
import { errorDetailsTrailer } from '#contracts/error-details';
import type { ApplyRequest } from '#contracts/generated/hookline/admin/v1/ApplyRequest';
import type { ApplyResponse__Output } from '#contracts/generated/hookline/admin/v1/ApplyResponse';
import type { Attempt__Output } from '#contracts/generated/hookline/admin/v1/Attempt';
import type { CheckTopicsResponse__Output } from '#contracts/generated/hookline/admin/v1/CheckTopicsResponse';
import type { Difference__Output } from '#contracts/generated/hookline/admin/v1/Difference';
import type { Endpoint__Output } from '#contracts/generated/hookline/admin/v1/Endpoint';
import type { EndpointServiceDefinition } from '#contracts/generated/hookline/admin/v1/EndpointService';
import type { EventServiceDefinition } from '#contracts/generated/hookline/admin/v1/EventService';
import type { GetPayloadResponse__Output } from '#contracts/generated/hookline/admin/v1/GetPayloadResponse';
import type { Ledger__Output } from '#contracts/generated/hookline/admin/v1/Ledger';
import type { LedgerServiceDefinition } from '#contracts/generated/hookline/admin/v1/LedgerService';
import type { Notification__Output } from '#contracts/generated/hookline/admin/v1/Notification';
import type { NotificationServiceDefinition } from '#contracts/generated/hookline/admin/v1/NotificationService';
import type { ParkedEvent__Output } from '#contracts/generated/hookline/admin/v1/ParkedEvent';
import type { ParkedEventServiceDefinition } from '#contracts/generated/hookline/admin/v1/ParkedEventService';
import type { PublishEventRequest } from '#contracts/generated/hookline/admin/v1/PublishEventRequest';
import type { PublishEventResponse__Output } from '#contracts/generated/hookline/admin/v1/PublishEventResponse';
import type { ResendNotificationRequest } from '#contracts/generated/hookline/admin/v1/ResendNotificationRequest';
import type { ResendNotificationResponse__Output } from '#contracts/generated/hookline/admin/v1/ResendNotificationResponse';
import type { SystemServiceDefinition } from '#contracts/generated/hookline/admin/v1/SystemService';
import type { Template__Output } from '#contracts/generated/hookline/admin/v1/Template';
import type { TemplateServiceDefinition } from '#contracts/generated/hookline/admin/v1/TemplateService';
import { systemClock } from '#domain/clock';
import { CliFault } from './cli-fault.js';
import { type Connection, isLocal, type Security } from './connection.js';
import type { Page } from './print-list.js';
import { rpcFault } from './rpc-fault.js';

/** Which page of what. `parent` is tenants/{tenant}, or the notification whose attempts are asked for. */
export interface PageRequest {
  readonly parent: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** One method of a service, as proto-loader describes it. */
interface Method<Request, Answer> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

/** Room for the largest answer, a parked record of 1 MiB, and for a page of 200 templates of 64 KiB. */
const answerBytesMax = 16 * 1_048_576;
/** What an API key travels as. */
const keyHeader = 'authorization';

/** The admin API over one connection; the only thing here that knows gRPC. What it throws for a status is a CliFault. */
export class AdminClient {
  private readonly services = loadServices();
  private readonly client: Client;
  private readonly metadata = new Metadata();

  constructor(private readonly connection: Connection) {
    setLogVerbosity(logVerbosity.NONE); // what it would write to stderr is said once, by the fault
    const { address, security, key } = connection;
    this.client = new Client(address, channelOf(security), {
      'grpc.max_receive_message_length': answerBytesMax,
      ...(isLocal(address) ? { 'grpc.enable_http_proxy': 0 } : {}),
    });
    if (key !== null) this.metadata.set(keyHeader, `Bearer ${key}`);
  }

  async notification(name: string): Promise<Notification__Output> {
    const { notification } = await this.unary(this.services.notifications.GetNotification, { name });
    return present(notification, name);
  }

  async notifications(request: PageRequest & { readonly filter: string }): Promise<Page<Notification__Output>> {
    const answer = await this.unary(this.services.notifications.ListNotifications, request);
    return { rows: answer.notifications, nextPageToken: answer.nextPageToken };
  }

  async attempts(request: PageRequest): Promise<Page<Attempt__Output>> {
    const answer = await this.unary(this.services.notifications.ListAttempts, request);
    return { rows: answer.attempts, nextPageToken: answer.nextPageToken };
  }

  payload(name: string): Promise<GetPayloadResponse__Output> {
    return this.unary(this.services.notifications.GetPayload, { name });
  }

  resend(request: ResendNotificationRequest): Promise<ResendNotificationResponse__Output> {
    return this.unary(this.services.notifications.ResendNotification, request);
  }

  async endpoint(name: string): Promise<Endpoint__Output> {
    return present((await this.unary(this.services.endpoints.GetEndpoint, { name })).endpoint, name);
  }

  async endpoints(request: PageRequest): Promise<Page<Endpoint__Output>> {
    const answer = await this.unary(this.services.endpoints.ListEndpoints, request);
    return { rows: answer.endpoints, nextPageToken: answer.nextPageToken };
  }

  async pauseEndpoint(request: { readonly name: string; readonly reason: string }): Promise<Endpoint__Output> {
    const { endpoint } = await this.unary(this.services.endpoints.PauseEndpoint, request);
    return present(endpoint, request.name);
  }

  async resumeEndpoint(request: {
    readonly name: string;
    readonly reason: string;
    readonly drainPerSecond?: number;
  }): Promise<Endpoint__Output> {
    const { endpoint } = await this.unary(this.services.endpoints.ResumeEndpoint, request);
    return present(endpoint, request.name);
  }

  async template(name: string): Promise<Template__Output> {
    return present((await this.unary(this.services.templates.GetTemplate, { name })).template, name);
  }

  async templates(request: PageRequest): Promise<Page<Template__Output>> {
    const answer = await this.unary(this.services.templates.ListTemplates, request);
    return { rows: answer.templates, nextPageToken: answer.nextPageToken };
  }

  async parkedEvent(name: string): Promise<ParkedEvent__Output> {
    return present((await this.unary(this.services.parkedEvents.GetParkedEvent, { name })).parkedEvent, name);
  }

  async parkedEvents(request: Omit<PageRequest, 'parent'>): Promise<Page<ParkedEvent__Output>> {
    const answer = await this.unary(this.services.parkedEvents.ListParkedEvents, request);
    return { rows: answer.parkedEvents, nextPageToken: answer.nextPageToken };
  }

  publish(request: PublishEventRequest): Promise<PublishEventResponse__Output> {
    return this.unary(this.services.events.PublishEvent, request);
  }

  async ledger(name: string): Promise<Ledger__Output> {
    return present((await this.unary(this.services.ledger.GetLedger, { name })).ledger, name);
  }

  async differences(request: PageRequest): Promise<Page<Difference__Output>> {
    const answer = await this.unary(this.services.ledger.ListDifferences, request);
    return { rows: answer.differences, nextPageToken: answer.nextPageToken };
  }

  async acceptDifference(request: { readonly name: string; readonly reason: string }): Promise<void> {
    await this.unary(this.services.ledger.AcceptDifference, request);
  }

  checkTopics(): Promise<CheckTopicsResponse__Output> {
    return this.unary(this.services.system.CheckTopics, {});
  }

  /** Sends every resource, ends the stream and answers what changed. All or nothing. */
  async apply(resources: readonly ApplyRequest[]): Promise<readonly ApplyResponse__Output[]> {
    const { path, requestSerialize, responseDeserialize } = this.services.system.Apply;
    const call = this.client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      this.metadata,
      this.callOptions(),
    );
    try {
      const [changes] = await Promise.all([readAll<ApplyResponse__Output>(call), writeAll(call, resources)]);
      return changes;
    } catch (error) {
      throw this.fault(error);
    }
  }

  close(): void {
    this.client.close();
  }

  private async unary<Request, Answer>(method: Method<Request, Answer>, request: Request): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = method;
    const { metadata } = this;
    const answered = new Promise<Answer | undefined>((resolve, reject) => {
      const end = (error: ServiceError | null, answer?: Answer) => (error === null ? resolve(answer) : reject(error));
      const options = this.callOptions();
      this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, end);
    });
    const answer = await answered.catch((error: unknown) => {
      throw this.fault(error);
    });
    return present(answer, path);
  }

  private callOptions(): CallOptions {
    return { deadline: systemClock.nowMs() + this.connection.timeoutMs };
  }

  private fault(error: unknown): unknown {
    if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') return error;
    const { code, details, metadata } = error as ServiceError;
    const [bytes] = metadata?.get(errorDetailsTrailer) ?? [];
    const detailBytes = Buffer.isBuffer(bytes) ? bytes : null;
    return rpcFault({ code, details, detailBytes }, this.connection, error);
  }
}

async function readAll<Answer>(call: AsyncIterable<unknown>): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for await (const answer of call) answers.push(answer as Answer);
  return answers;
}

/** Writes at the pace the server reads; stops when the call has ended, for then nothing is read any more. */
async function writeAll(call: ClientDuplexStream<ApplyRequest, unknown>, resources: readonly ApplyRequest[]) {
  const ended = new AbortController();
  call.once('status', () => ended.abort());
  for (const resource of resources) {
    if (ended.signal.aborted) return;
    if (!call.write(resource)) await drained(call, ended.signal);
  }
  call.end();
}

async function drained(call: ClientDuplexStream<ApplyRequest, unknown>, ended: AbortSignal): Promise<void> {
  try {
    await once(call, 'drain', { signal: ended });
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}

/** Throws a CliFault when the files are no certificate or key that can be used. */
function channelOf(security: Security): ChannelCredentials {
  if (security.kind === 'plaintext') return credentials.createInsecure();
  try {
    return credentials.createSsl(security.ca, security.own?.key ?? null, security.own?.cert ?? null);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new CliFault('failed', `the certificate files cannot be used: ${said}`, [], { cause });
  }
}

/** A field the API always sets. */
function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined)
    throw new CliFault('failed', `the admin answered nothing for ${what}: is its version the same as this one's?`);
  return value;
}

function loadServices() {
  const definition = loadSync([...protoFiles()], protoLoading);
  const service = (name: string): unknown => definition[`${adminPackage}.${name}`];
  return {
    notifications: service('NotificationService') as NotificationServiceDefinition,
    endpoints: service('EndpointService') as EndpointServiceDefinition,
    templates: service('TemplateService') as TemplateServiceDefinition,
    events: service('EventService') as EventServiceDefinition,
    parkedEvents: service('ParkedEventService') as ParkedEventServiceDefinition,
    ledger: service('LedgerService') as LedgerServiceDefinition,
    system: service('SystemService') as SystemServiceDefinition,
  };
}
