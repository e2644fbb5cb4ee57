import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type Server, ServerCredentials, type ServerInterceptor, setLogger } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { adminPackage, protoFiles, protoLoading } from '#contracts/admin-proto';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import { isLoopback } from '#domain/loopback';
import type { Log } from '#telemetry/log';
import { type AdminConfig, hasTls } from './admin.config.js';

/** What may be called without a key. */
export const healthService = '/grpc.health.v1.Health/';
export const reflectionServices = [
  '/grpc.reflection.v1.ServerReflection/',
  '/grpc.reflection.v1alpha.ServerReflection/',
] as const;

/** An event of 1 MiB and its headers; a resource of Apply is shorter. */
const receiveBytesMax = 1.25 * 1_048_576;
const sendBytesMax = 4 * 1_048_576;
const streamsMax = 100;
const keepaliveMs = 60_000;
const keepaliveTimeoutMs = 20_000;
const idleMs = 15 * 60_000;
/** Then a caller connects again, to whichever admin answers; what is under way may end within the grace. */
const connectionMsMax = 30 * 60_000;
/** More than any call with a key may take. */
const connectionGraceMs = 150_000;

/** The gRPC server that Nest makes from our options, and its end. */
export class GrpcServer {
  private readonly health = new HealthImplementation({ '': 'NOT_SERVING', [adminPackage]: 'NOT_SERVING' });
  private server: Server | null = null;

  constructor(
    private readonly config: AdminConfig,
    private readonly interceptor: ServerInterceptor,
    private readonly log: Log,
  ) {
    // What gRPC writes to stderr by itself is no line of our log, and what matters of it is said by whoever is told.
    const say = (...said: readonly unknown[]) => log.debug('grpc.said', { said: said.map(String).join(' ') });
    setLogger({ error: say, info: say, debug: say });
  }

  /** For Nest's gRPC transport. Throws CONFIG_INVALID when a TLS file cannot be read or used. */
  options() {
    const { host, port } = this.config.GRPC_LISTEN;
    return {
      url: `${host}:${port}`,
      package: adminPackage,
      protoPath: [...protoFiles()],
      loader: { ...protoLoading },
      credentials: this.credentials(),
      channelOptions: {
        interceptors: [this.interceptor],
        'grpc.max_receive_message_length': receiveBytesMax,
        'grpc.max_send_message_length': sendBytesMax,
        'grpc.max_concurrent_streams': streamsMax,
        'grpc.keepalive_time_ms': keepaliveMs,
        'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
        'grpc.max_connection_idle_ms': idleMs,
        'grpc.max_connection_age_ms': connectionMsMax,
        'grpc.max_connection_age_grace_ms': connectionGraceMs,
      },
      // Nest calls this once the port is bound.
      onLoadPackageDefinition: (definition: PackageDefinition, server: Server) => {
        this.health.addToServer(server);
        if (this.config.GRPC_REFLECTION) new ReflectionService(definition).addToServer(server);
        this.server = server;
      },
    };
  }

  /** Null once it listens, else the cause in words. */
  whatIsWrong(): string | null {
    return this.server === null ? 'gRPC: not listening' : null;
  }

  /** What the health service answers from now on. */
  tellHealth(isReady: boolean): void {
    for (const service of ['', adminPackage]) this.health.setStatus(service, isReady ? 'SERVING' : 'NOT_SERVING');
  }

  /** Takes no further call and waits for those under way, at most this long; then ends them. */
  async stop(msMax: number, clock: Clock): Promise<void> {
    this.tellHealth(false);
    const { server } = this;
    if (server === null) return;
    const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    await Promise.race([ended, clock.wait(msMax)]);
    server.forceShutdown();
  }

  private credentials(): ServerCredentials {
    const {
      GRPC_LISTEN,
      GRPC_TLS_CERT_FILE: certFile,
      GRPC_TLS_KEY_FILE: keyFile,
      GRPC_TLS_CA_FILE: caFile,
    } = this.config;
    if (!hasTls(this.config) || certFile === undefined || keyFile === undefined) {
      if (!isLoopback(GRPC_LISTEN.host))
        this.log.warn('grpc.plainText', { host: GRPC_LISTEN.host, said: 'API keys and payloads travel unencrypted' });
      return ServerCredentials.createInsecure();
    }
    const pair = {
      cert_chain: readPem('GRPC_TLS_CERT_FILE', certFile),
      private_key: readPem('GRPC_TLS_KEY_FILE', keyFile),
    };
    const authority = caFile === undefined ? null : readPem('GRPC_TLS_CA_FILE', caFile);
    checkPems({ cert: pair.cert_chain, key: pair.private_key, ...(authority === null ? {} : { ca: authority }) });
    return ServerCredentials.createSsl(authority, [pair], authority !== null);
  }
}

function readPem(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw wrongFiles(`${name}: cannot be read`, cause);
  }
}

/** One file at a time, so that the one that is wrong is named; then whether the key is the certificate's. */
function checkPems({ cert, key, ca }: { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer }): void {
  check('GRPC_TLS_CERT_FILE: holds no certificate in PEM', () => createSecureContext({ cert }));
  check('GRPC_TLS_KEY_FILE: holds no key in PEM that can be used', () => createPrivateKey(key));
  check('GRPC_TLS_KEY_FILE: is not the key of GRPC_TLS_CERT_FILE', () => createSecureContext({ cert, key }));
  if (ca !== undefined) check('GRPC_TLS_CA_FILE: holds no certificate in PEM', () => new X509Certificate(ca));
}

function check(said: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw wrongFiles(said, cause);
  }
}

function wrongFiles(said: string, cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Failure('CONFIG_INVALID', `The configuration is wrong:\n  ${said}: ${why}`, { retryable: false, cause });
}
