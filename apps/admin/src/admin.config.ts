import { z } from 'zod';
import { isLoopback } from '#domain/loopback';
import { secret } from '#runtime/config';
import {
  agePart,
  appPart,
  databasePart,
  egressPart,
  grpcPart,
  kafkaPart,
  schedulePart,
  secretsPart,
} from '#runtime/config-parts';
import { kafkaRelations } from '#runtime/kafka-relations';

const apiKey = z
  .string()
  .regex(/^[\x21-\x7e]{24,256}$/, { message: 'must be 24 to 256 printable characters without spaces' })
  .describe('the key of every call, and the only one there is: openssl rand -hex 32 makes one')
  .meta(secret);

const schema = z.object({
  ...{ ...appPart, ...kafkaPart, ...databasePart, ...secretsPart, ...egressPart, ...grpcPart },
  ...{ ...schedulePart, ...agePart },
  BOOTSTRAP_API_KEY: apiKey,
});

/** The admin's variables and what must hold between them. */
export const adminConfig = schema.superRefine(kafkaRelations).superRefine((config, context) => {
  const fault = tlsFault(config);
  if (fault !== null) context.addIssue({ code: 'custom', ...fault });
});

export type AdminConfig = z.output<typeof adminConfig>;

/** Whether the API is served with TLS: when asked for, or when a certificate is given and nobody says off. */
export function hasTls(config: Pick<AdminConfig, 'GRPC_TLS' | 'GRPC_TLS_CERT_FILE'>): boolean {
  return config.GRPC_TLS === 'on' || (config.GRPC_TLS === undefined && config.GRPC_TLS_CERT_FILE !== undefined);
}

function tlsFault(config: z.output<typeof schema>): { readonly path: string[]; readonly message: string } | null {
  const { GRPC_LISTEN, GRPC_TLS, GRPC_TLS_CERT_FILE, GRPC_TLS_KEY_FILE, GRPC_TLS_CA_FILE } = config;
  if (hasTls(config)) {
    if (GRPC_TLS_CERT_FILE === undefined)
      return { path: ['GRPC_TLS_CERT_FILE'], message: 'must be given with GRPC_TLS=on' };
    if (GRPC_TLS_KEY_FILE === undefined)
      return { path: ['GRPC_TLS_KEY_FILE'], message: 'must be given with GRPC_TLS_CERT_FILE' };
    return null;
  }
  if (GRPC_TLS === undefined && (GRPC_TLS_KEY_FILE ?? GRPC_TLS_CA_FILE) !== undefined)
    return { path: ['GRPC_TLS_CERT_FILE'], message: 'must be given with GRPC_TLS_KEY_FILE or GRPC_TLS_CA_FILE' };
  if (GRPC_TLS === 'off' || isLoopback(GRPC_LISTEN.host)) return null;
  const message = `${GRPC_LISTEN.host} can be reached from outside: give GRPC_TLS_CERT_FILE and GRPC_TLS_KEY_FILE, or say GRPC_TLS=off`;
  return { path: ['GRPC_LISTEN'], message };
}
