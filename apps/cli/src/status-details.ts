/** One field that the admin found wrong. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What a gRPC status says besides its code and text. */
export interface StatusDetails {
  readonly violations: readonly FieldViolation[];
  /** Reason of an ErrorInfo, e.g. EVENT_EXPIRED; empty when there is none. */
  readonly reason: string;
}

const noDetails: StatusDetails = { violations: [], reason: '' };
const detailsMax = 1_000;

/**
 * Reads `grpc-status-details-bin`: a google.rpc.Status whose details hold BadRequest and ErrorInfo (google/rpc/status.proto,
 * error_details.proto). These are five fields of three messages, so they are read by hand instead of through a fourth
 * proto file. Never throws: what cannot be read is left out, for the status itself is still worth showing.
 */
export function statusDetails(bytes: Uint8Array): StatusDetails {
  const status = fieldsOf(bytes);
  if (status === null) return noDetails;
  const anys = bytesOf(status, 3)
    .slice(0, detailsMax)
    .map((any) => fieldsOf(any) ?? []);
  const ofType = (name: string) =>
    anys
      .filter((any) => textOf(any, 1).endsWith(`/google.rpc.${name}`))
      .flatMap((any) => bytesOf(any, 2))
      .map((value) => fieldsOf(value) ?? []);
  return {
    violations: ofType('BadRequest')
      .flatMap((badRequest) => bytesOf(badRequest, 1))
      .slice(0, detailsMax)
      .map((violation) => fieldsOf(violation) ?? [])
      .map((violation) => ({ field: textOf(violation, 1), description: textOf(violation, 2) })),
    reason: ofType('ErrorInfo').map((errorInfo) => textOf(errorInfo, 1))[0] ?? '',
  };
}

/** A length-delimited field: strings, bytes and messages. Fields of other kinds are passed over. */
interface WireField {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** The length-delimited fields of a protobuf message, in order; null when the bytes are none. */
function fieldsOf(message: Uint8Array): readonly WireField[] | null {
  const fields: WireField[] = [];
  let at = 0;
  while (at < message.length) {
    const tag = varint(message, at);
    if (tag === null) return null;
    at = tag.end;
    const number = Math.floor(tag.value / 8);
    const length = lengthOf(tag.value % 8, message, at);
    if (length === null || length.start + length.bytes > message.length) return null;
    if (tag.value % 8 === 2)
      fields.push({ number, bytes: message.subarray(length.start, length.start + length.bytes) });
    at = length.start + length.bytes;
  }
  return fields;
}

/** How far the value of a wire type goes; null for the deprecated groups and unknown types. */
function lengthOf(
  wireType: number,
  message: Uint8Array,
  at: number,
): { readonly start: number; readonly bytes: number } | null {
  if (wireType === 1) return { start: at, bytes: 8 };
  if (wireType === 5) return { start: at, bytes: 4 };
  const number = wireType === 0 || wireType === 2 ? varint(message, at) : null;
  if (number === null) return null;
  return { start: number.end, bytes: wireType === 0 ? 0 : number.value };
}

const varintBytesMax = 10;

function varint(message: Uint8Array, start: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let n = 0; n < varintBytesMax; n++) {
    const byte = message[start + n];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * n);
    if (byte < 0x80) return { value, end: start + n + 1 };
  }
  return null;
}

function bytesOf(fields: readonly WireField[], number: number): readonly Uint8Array[] {
  return fields.filter((field) => field.number === number).map(({ bytes }) => bytes);
}

function textOf(fields: readonly WireField[], number: number): string {
  const last = bytesOf(fields, number).at(-1);
  return last === undefined ? '' : Buffer.from(last).toString('utf8');
}
