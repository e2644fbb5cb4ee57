import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { fromJSON, loadSync } from '@grpc/proto-loader';
import { adminPackage, protoFiles, protoLoading } from '#contracts/admin-proto';

/** Certificate and key of a test's own server at localhost; they protect nothing. */
export const testTls = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUNPoiEj5akeM6jqfTZlxaLx+7oFwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDIyMzM1OVoYDzIxMjYxMDMx
MjIzMzU5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARu6nj9/cvqrE64gdNb/i5J9If/+fG+Tjpldl80XMyi528W09jW0hz/
wo+1Mh6KDi3V8eDtrBDwxopLcON6k+j/o28wbTAdBgNVHQ4EFgQU05wJ8jST0fWO
Bij94tUyhqDAQUgwHwYDVR0jBBgwFoAU05wJ8jST0fWOBij94tUyhqDAQUgwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgQNPMlhEu+VWyJHSlHetVJ6lb8ZFPKO5OXANVORaVaWgCIQCp
PLJZhZ9XBTQuR/vCrzKsA3f+UqXr01EIBo11LL3zCQ==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrAbTkTPQHQj9zUwK
78+wQlp2j1hRp3D8M42Ha8W/qJGhRANCAARu6nj9/cvqrE64gdNb/i5J9If/+fG+
Tjpldl80XMyi528W09jW0hz/wo+1Mh6KDi3V8eDtrBDwxopLcON6k+j/
-----END PRIVATE KEY-----`,
};

/** How one method answers: a message, or a ServiceError. */
export type Answerer = (request: never, metadata: Metadata) => object | Promise<object>;

/** A real gRPC server of the admin's proto whose answers a test chooses: it shows what the client sends and understands. */
export class AdminStandIn {
  private readonly server = new Server();
  port = 0;

  /** Methods of a service by name, e.g. `{ NotificationService: { GetNotification } }`; `raw` takes handlers of streams. */
  static async start(
    services: Readonly<Record<string, Readonly<Record<string, Answerer>>>>,
    options: { readonly tls?: boolean; readonly raw?: Readonly<Record<string, UntypedServiceImplementation>> } = {},
  ): Promise<AdminStandIn> {
    const standIn = new AdminStandIn();
    const definition = loadSync([...protoFiles()], protoLoading);
    const service = (name: string) => definition[`${adminPackage}.${name}`] as unknown as ServiceDefinition;
    for (const [name, methods] of Object.entries(services)) {
      const handlers = Object.entries(methods).map(([method, answer]) => [method, unary(answer)] as const);
      standIn.server.addService(service(name), Object.fromEntries(handlers));
    }
    for (const [name, handlers] of Object.entries(options.raw ?? {}))
      standIn.server.addService(service(name), handlers);
    const pair = { cert_chain: Buffer.from(testTls.certificate), private_key: Buffer.from(testTls.key) };
    const credentials =
      options.tls === true ? ServerCredentials.createSsl(null, [pair]) : ServerCredentials.createInsecure();
    standIn.port = await new Promise<number>((resolve, reject) => {
      standIn.server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
    });
    return standIn;
  }

  stop(): void {
    this.server.forceShutdown();
  }
}

/** A status with details, as the admin sends it: encoded by protobufjs, not by anything of ours. */
export function aStatus(
  code: number,
  details: string,
  content: { readonly violations?: readonly { field: string; description: string }[]; readonly reason?: string } = {},
): ServiceError {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', statusBytes(code, details, content));
  return Object.assign(new Error(details), { code, details, metadata });
}

function statusBytes(code: number, message: string, content: Parameters<typeof aStatus>[2] = {}): Buffer {
  const details = [
    { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: Buffer.from([0x0a, 0x02, 0x08, 0x05]) },
    {
      typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
      value: encoded('ErrorInfo', { reason: content.reason ?? '', domain: 'hookline' }),
    },
    {
      typeUrl: 'type.googleapis.com/google.rpc.BadRequest',
      value: encoded('BadRequest', { fieldViolations: content.violations ?? [] }),
    },
  ];
  return encoded('Status', { code, message, details });
}

/** google/rpc/status.proto and error_details.proto, as far as they are used. */
const rpcTypes = fromJSON(
  {
    nested: {
      Any: { fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
      Status: {
        fields: {
          code: { type: 'int32', id: 1 },
          message: { type: 'string', id: 2 },
          details: { rule: 'repeated', type: 'Any', id: 3 },
        },
      },
      FieldViolation: { fields: { field: { type: 'string', id: 1 }, description: { type: 'string', id: 2 } } },
      BadRequest: { fields: { fieldViolations: { rule: 'repeated', type: 'FieldViolation', id: 1 } } },
      ErrorInfo: {
        fields: {
          reason: { type: 'string', id: 1 },
          domain: { type: 'string', id: 2 },
        },
      },
    },
  },
  { keepCase: true },
);

function encoded(type: string, value: object): Buffer {
  const definition = rpcTypes[type];
  if (definition === undefined || !('serialize' in definition) || typeof definition.serialize !== 'function')
    throw new Error(`no type ${type}`);
  return definition.serialize(value);
}

function unary(answer: Answerer): UntypedHandleCall {
  const answered: handleUnaryCall<never, object> = (call, callback) => {
    void Promise.resolve()
      .then(() => answer(call.request, call.metadata))
      .then(
        (value) => callback(null, value),
        (error: ServiceError) => callback(error),
      );
  };
  return answered as UntypedHandleCall;
}
