/** The names an operator knows a secured connection by. */
export interface TlsNames {
  /** Who is at the other end, e.g. `the broker kafka-1:9093`. */
  readonly peer: string;
  /** The setting that names the file of the authority. */
  readonly authority: string;
  /** The settings that name our own certificate and key. */
  readonly own: string;
  /** The setting that asks for TLS. */
  readonly asked: string;
}

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
  'INVALID_PURPOSE',
]);
const noTls = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL)$/;
const refusedOurs =
  /alert[_ ](.*[_ ])?(certificate|unknown[_ ]ca|handshake[_ ]failure|access[_ ]denied|decrypt[_ ]error)/i;
const hungUp = /before secure TLS connection was established/;

/**
 * What is wrong with a TLS connection and what to do about it, from the codes of Node and OpenSSL; null when the error
 * is of another kind. A peer that fails any of these checks is never spoken to.
 */
export function tlsFault(error: unknown, { peer, authority, own, asked }: TlsNames): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error ? String(error.code) : '';
  if (untrusted.has(code))
    return `the certificate of ${peer} is signed by no authority we trust (${code}): ${authority} must name the PEM file of the authority that signed it`;
  if (code === 'CERT_HAS_EXPIRED')
    return `a certificate of ${peer} has expired (${code}): renew it there, or set the clock of this machine right`;
  if (code === 'CERT_NOT_YET_VALID')
    return `a certificate of ${peer} is not valid yet (${code}): is the clock of this machine right?`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate of ${peer} is for another host (${code}, ${reasonOf(error)}): use a host name it holds, or have it made for this one`;
  if (noTls.test(code)) return `${peer} speaks no TLS on this port (${code}): ${asked} asks for it`;
  if (hungUp.test(error.message))
    return `${peer} hung up in the TLS handshake: does this port speak TLS, as ${asked} asks for?`;
  if (refusedOurs.test(code) || (code === 'EPROTO' && refusedOurs.test(error.message)))
    return `${peer} refuses our certificate (${code}): ${own} must name one that its authority signed and that is valid`;
  return /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO$)/.test(code)
    ? `TLS with ${peer} failed (${code}): ${error.message.trim()}`
    : null;
}

function reasonOf(error: Error): string {
  return 'reason' in error ? String(error.reason) : error.message;
}
