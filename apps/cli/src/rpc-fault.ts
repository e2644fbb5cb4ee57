import { decodeErrorDetails } from '#contracts/error-details';
import { CliFault } from './cli-fault.js';
import type { Connection } from './connection.js';
import { displayText } from './display-text.js';

/** A gRPC status that is not OK, as the client got it. */
export interface RpcStatus {
  readonly code: number;
  readonly details: string;
  /** The trailer `grpc-status-details-bin`. */
  readonly detailBytes: Buffer | null;
}

/** Canonical codes by number (google/rpc/code.proto). */
const codeNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

type CodeName = (typeof codeNames)[number];

/** A status as what it means to the user, and what to do about it. */
export function rpcFault(status: RpcStatus, connection: Connection, cause: unknown): CliFault {
  const { fields, reason } = (status.detailBytes === null ? null : decodeErrorDetails(status.detailBytes)) ?? noDetails;
  const code = codeNames[status.code] ?? 'UNKNOWN';
  const said = displayText(status.details) + (reason === '' ? '' : ` [${displayText(reason)}]`);
  const kind = code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED' ? 'unreachable' : 'failed';
  if (fields.length > 0) {
    const count = fields.length === 1 ? 'a wrong field' : `${fields.length} wrong fields`;
    return new CliFault(kind, `the admin refused it for ${count}:`, [], { cause, fields });
  }
  // A reason comes from the admin itself; a status without one was made on the way, by a proxy or by gRPC.
  return new CliFault(kind, meaning(code, { said, isAdmins: reason !== '' }, connection), [], { cause });
}

const noDetails = { fields: [], reason: '' };

function meaning(
  code: CodeName,
  { said, isAdmins }: { readonly said: string; readonly isAdmins: boolean },
  connection: Connection,
): string {
  const { address, key, timeoutMs } = connection;
  switch (code) {
    case 'UNAVAILABLE':
      return isAdmins
        ? `the admin at ${address} cannot do it now: ${said}`
        : `cannot reach the admin at ${address}: is it running there? ${securityHint(connection)} (${said})`;
    case 'DEADLINE_EXCEEDED':
      return isAdmins
        ? `the admin at ${address} was too slow: ${said}`
        : `the admin at ${address} did not answer within ${timeoutMs} ms: is it well? --timeout waits longer (${said})`;
    case 'UNAUTHENTICATED':
      return key === null
        ? `the admin wants an API key: set HOOKLINE_KEY, or HOOKLINE_KEY_FILE to a file that holds it (${said})`
        : `the admin does not accept this API key: check HOOKLINE_KEY or HOOKLINE_KEY_FILE (${said})`;
    case 'PERMISSION_DENIED':
      return `this API key may not do that: use one with the role for it (${said})`;
    case 'UNIMPLEMENTED':
      return `the admin at ${address} does not know this call: is it an older version than this command line? (${said})`;
    case 'NOT_FOUND':
      return `${said}: is the name right, and the tenant (--tenant)?`;
    case 'INTERNAL':
    case 'UNKNOWN':
    case 'DATA_LOSS':
      return `the admin failed (${code}): its log says why (${said})`;
    case 'RESOURCE_EXHAUSTED':
      return `too much at once, or too large: ${said}`;
    case 'OK':
    case 'CANCELLED':
    case 'INVALID_ARGUMENT':
    case 'ALREADY_EXISTS':
    case 'FAILED_PRECONDITION':
    case 'ABORTED':
    case 'OUT_OF_RANGE':
      return `${code}: ${said}`;
  }
}

function securityHint({ security }: Connection): string {
  return security.kind === 'tls'
    ? 'It is spoken to with TLS: --ca FILE names its authority, --cert and --cert-key are shown to one that wants them, --insecure speaks without.'
    : '--addr or HOOKLINE_ADDR names another place; if it wants TLS, give --ca FILE (and --cert, --cert-key, where it wants them).';
}
