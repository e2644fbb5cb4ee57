import {
  type Client,
  credentials,
  InterceptingCall,
  type Interceptor,
  loadPackageDefinition,
  type requestCallback,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoFiles, protoLoading } from '#contracts/admin-proto';
import { decodeErrorDetails, type ErrorDetails, errorDetailsTrailer } from '#contracts/error-details';
import type { ProtoGrpcType as EndpointTypes } from '#contracts/generated/endpoint_service';
import type { ProtoGrpcType as EventTypes } from '#contracts/generated/event_service';
import type { ApplyRequest } from '#contracts/generated/hookline/admin/v1/ApplyRequest';
import type { ApplyResponse__Output } from '#contracts/generated/hookline/admin/v1/ApplyResponse';
import type { ProtoGrpcType as LedgerTypes } from '#contracts/generated/ledger_service';
import type { ProtoGrpcType as NotificationTypes } from '#contracts/generated/notification_service';
import type { ProtoGrpcType as ParkedEventTypes } from '#contracts/generated/parked_event_service';
import type { ProtoGrpcType as SystemTypes } from '#contracts/generated/system_service';
import type { ProtoGrpcType as TemplateTypes } from '#contracts/generated/template_service';
import type { Stack } from './stack.js';

type V1<T extends { hookline: { admin: { v1: object } } }> = T['hookline']['admin']['v1'];
type Services = V1<EndpointTypes> &
  V1<EventTypes> &
  V1<LedgerTypes> &
  V1<NotificationTypes> &
  V1<ParkedEventTypes> &
  V1<SystemTypes> &
  V1<TemplateTypes>;
/** The last overload of a generated method is `(request, callback)`. */
type Unary = (request: never, callback: requestCallback<never>) => unknown;
type RequestOf<M> = M extends (request: infer Q, callback: never) => unknown ? Q : never;
type AnswerOf<M> = M extends (request: never, callback: requestCallback<infer A>) => unknown ? A : never;

/** A refused call. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly details: ErrorDetails | null;
}

/** gRPC clients of every service that send a key. */
export class AdminClient {
  readonly notifications;
  readonly endpoints;
  readonly templates;
  readonly events;
  readonly parkedEvents;
  readonly ledger;
  readonly system;

  constructor(address: string, key: string | null) {
    const withKey: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) => {
          if (key !== null) metadata.set('authorization', `Bearer ${key}`);
          next(metadata, listener);
        },
      });
    const definition = loadSync([...protoFiles()], { ...protoLoading });
    const loaded = loadPackageDefinition(definition) as unknown as { hookline: { admin: { v1: Services } } };
    const { v1 } = loaded.hookline.admin;
    const interceptors = [withKey];
    const open = [address, credentials.createInsecure(), { interceptors }] as const;
    this.notifications = new v1.NotificationService(...open);
    this.endpoints = new v1.EndpointService(...open);
    this.templates = new v1.TemplateService(...open);
    this.events = new v1.EventService(...open);
    this.parkedEvents = new v1.ParkedEventService(...open);
    this.ledger = new v1.LedgerService(...open);
    this.system = new v1.SystemService(...open);
  }

  static of(stack: Stack): AdminClient {
    return new AdminClient(stack.adminAddress, stack.adminKey);
  }

  /** Calls a method of one of the clients; rejects with the ServiceError. */
  call<C extends Client, K extends keyof C>(client: C, method: K, request: RequestOf<C[K]>): Promise<AnswerOf<C[K]>> {
    return new Promise((resolve, reject) => {
      const unary = client[method] as Unary;
      const done = (error: ServiceError | null, answer?: AnswerOf<C[K]>) => {
        if (error !== null) reject(error);
        else resolve(answer as AnswerOf<C[K]>);
      };
      unary.call(client, request as never, done as requestCallback<never>);
    });
  }

  /** Applies resources and answers what became of each. */
  apply(resources: readonly ApplyRequest[]): Promise<readonly ApplyResponse__Output[]> {
    return new Promise((resolve, reject) => {
      const stream = this.system.apply();
      const answers: ApplyResponse__Output[] = [];
      stream.on('data', (answer: ApplyResponse__Output) => answers.push(answer));
      stream.on('error', reject);
      stream.on('end', () => resolve(answers));
      for (const resource of resources) stream.write(resource);
      stream.end();
    });
  }

  close(): void {
    const { notifications, endpoints, templates, events, parkedEvents, ledger, system } = this;
    for (const client of [notifications, endpoints, templates, events, parkedEvents, ledger, system]) client.close();
  }
}

/** The refusal of a call; rejects when it was answered. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => null,
    (cause: ServiceError) => cause,
  );
  if (error === null) throw new Error('the call was answered');
  const [trailer] = error.metadata?.get(errorDetailsTrailer) ?? [];
  const details = Buffer.isBuffer(trailer) ? decodeErrorDetails(trailer) : null;
  return { code: error.code, message: error.details, details };
}
