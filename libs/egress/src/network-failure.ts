import { errors } from 'undici';
import type { AttemptReport, FailureReason } from '#domain/attempt';
import type { HttpAnswer } from './exchange.js';
import { HandshakeFailed } from './guarded-connector.js';
import { NameUnresolved } from './name-resolver.js';

/** Codes of Node (dns, net, tls) and undici, and what they mean for an attempt. Messages are never looked at. */
const reasonsByCode: Readonly<Record<string, FailureReason>> = {
  DESTINATION_NOT_ALLOWED: 'DESTINATION_NOT_ALLOWED',
  ENOTFOUND: 'DNS',
  EAI_AGAIN: 'DNS',
  EAI_FAIL: 'DNS',
  EAI_NODATA: 'DNS',
  ENODATA: 'DNS',
  ESERVFAIL: 'DNS',
  ECONNREFUSED: 'CONNECT',
  EHOSTUNREACH: 'CONNECT',
  ENETUNREACH: 'CONNECT',
  EADDRNOTAVAIL: 'CONNECT',
  UND_ERR_CONNECT_TIMEOUT: 'CONNECT',
  ETIMEDOUT: 'CONNECT',
  ECONNRESET: 'RESET',
  EPIPE: 'RESET',
  UND_ERR_SOCKET: 'RESET',
  UND_ERR_HEADERS_TIMEOUT: 'TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'TIMEOUT',
  UND_ERR_HEADERS_OVERFLOW: 'RESPONSE_TOO_LARGE',
  HPE_HEADER_OVERFLOW: 'RESPONSE_TOO_LARGE',
  EPROTO: 'TLS',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLS',
  UNABLE_TO_GET_ISSUER_CERT: 'TLS',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLS',
};

const saidByReason: Readonly<Partial<Record<FailureReason, string>>> = {
  DESTINATION_NOT_ALLOWED: 'the name leads to an address that is not allowed',
  DNS: 'the host name could not be resolved',
  CONNECT: 'no connection could be made',
  TLS: 'the TLS handshake failed',
  RESET: 'the connection was closed before an answer began',
  TIMEOUT: 'the total deadline passed before an answer began',
  RESPONSE_TOO_LARGE: 'the header of the answer is too large',
};

/** Why no answer began. The text names a code but no address: tenants read it. */
export function failureOf(
  answer: HttpAnswer,
): Pick<AttemptReport, 'outcome' | 'errorDetail' | 'resetOnReusedConnection'> {
  const { wire } = answer;
  const { reason, code } = causeOf(answer);
  const said = saidOf(reason, code);
  return {
    outcome: { kind: 'failed', reason },
    errorDetail: code === null ? said : `${said} (${code})`,
    ...(reason === 'RESET' && wire.isReused && wire.isUnanswered ? { resetOnReusedConnection: true } : {}),
  };
}

/** The code is null where there is none: we ended it, or undici's parser did, whose errors have a message only. */
function causeOf({ timedOut, isFlood, error }: HttpAnswer): {
  readonly reason: FailureReason;
  readonly code: string | null;
} {
  if (timedOut) return { reason: 'TIMEOUT', code: null };
  if (isFlood) return { reason: 'RESPONSE_TOO_LARGE', code: null };
  if (error instanceof errors.HTTPParserError) return { reason: 'OTHER', code: null };
  const code = codeOf(error);
  if (error instanceof NameUnresolved) return { reason: 'DNS', code };
  return { reason: error instanceof HandshakeFailed ? 'TLS' : reasonOf(code), code };
}

function saidOf(reason: FailureReason, code: string | null): string {
  if (reason === 'RESPONSE_TOO_LARGE' && code === null) return 'the endpoint sent only informational answers';
  if (reason === 'OTHER' && code === null) return 'what the endpoint sent is not HTTP';
  return saidByReason[reason] ?? 'the request could not be made';
}

function reasonOf(code: string): FailureReason {
  const known = reasonsByCode[code];
  if (known !== undefined) return known;
  return /^(ERR_TLS_|ERR_SSL_|CERT_)/.test(code) ? 'TLS' : 'OTHER';
}

/** The innermost code: undici wraps what the socket said, and several addresses fail as one AggregateError. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const inner = error instanceof AggregateError ? codeOf(error.errors[0]) : codeOf(error.cause);
  if (inner !== 'UNKNOWN') return inner;
  return 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
