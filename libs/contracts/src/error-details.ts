/** What a refused call says beside its code and message (AIP-193). */
export interface ErrorDetails {
  /** For programs, upper case, e.g. PAYLOAD_ERASED. */
  readonly reason: string;
  /** Fields that are wrong, by their name in the API. */
  readonly fields: readonly { readonly field: string; readonly said: string }[];
}

/** Name of the trailer that carries them; gRPC clients of all languages read it. */
export const errorDetailsTrailer = 'grpc-status-details-bin';
/** `ErrorInfo.domain` of every error. */
export const errorDomain = 'hookline';

/** Some clients take 8 KiB of trailers (gRPC for Java), so field violations beyond this are left out. */
const fieldBytesMax = 4_000;
const infoType = 'type.googleapis.com/google.rpc.ErrorInfo';
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest';
const lengthDelimited = 2;

/** A `google.rpc.Status` with ErrorInfo and, where fields are wrong, BadRequest (googleapis `google/rpc/status.proto`). */
export function encodeErrorDetails(code: number, message: string, { reason, fields }: ErrorDetails): Buffer {
  const violations: Buffer[] = [];
  let bytes = 0;
  for (const { field, said } of fields) {
    const violation = block(1, Buffer.concat([text(1, field), text(2, said)]));
    bytes += violation.length;
    if (bytes > fieldBytesMax) break;
    violations.push(violation);
  }
  const details = [any(infoType, Buffer.concat([text(1, reason), text(2, errorDomain)]))];
  if (violations.length > 0) details.push(any(badRequestType, Buffer.concat(violations)));
  return Buffer.concat([
    Buffer.from([1 << 3, ...varint(code)]),
    text(2, message),
    ...details.map((one) => block(3, one)),
  ]);
}

/** Reads what `encodeErrorDetails` wrote, or another server's; fields it does not know are passed over. Null: not readable. */
export function decodeErrorDetails(status: Buffer): ErrorDetails | null {
  try {
    const anys = blocks(status, 3).map((one) => ({
      type: blocks(one, 1).join(''),
      value: blocks(one, 2)[0] ?? Buffer.alloc(0),
    }));
    const info = anys.find(({ type }) => type === infoType)?.value ?? Buffer.alloc(0);
    const fields = anys
      .filter(({ type }) => type === badRequestType)
      .flatMap(({ value }) => blocks(value, 1))
      .map((violation) => ({ field: blocks(violation, 1).join(''), said: blocks(violation, 2).join('') }));
    return { reason: blocks(info, 1).join(''), fields };
  } catch {
    return null; // cut short: said by the null
  }
}

function any(type: string, value: Buffer): Buffer {
  return Buffer.concat([text(1, type), block(2, value)]);
}

function text(field: number, value: string): Buffer {
  return block(field, Buffer.from(value, 'utf8'));
}

function block(field: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | lengthDelimited, ...varint(value.length)]), value]);
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** The length-delimited values of one field. Throws RangeError when the bytes end too early. */
function blocks(message: Buffer, field: number): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length; ) {
    const key = readVarint(message, at);
    const next = readVarint(message, key.end);
    const isBlock = (key.value & 7) === lengthDelimited;
    if (!isBlock && (key.value & 7) !== 0) throw new RangeError('a wire type that is not used here');
    const end = isBlock ? next.end + next.value : next.end;
    if (end > message.length) throw new RangeError('the bytes end too early');
    if (isBlock && key.value >>> 3 === field) found.push(message.subarray(next.end, end));
    at = end;
  }
  return found;
}

function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from; at < from + 5; at++) {
    const byte = bytes.readUInt8(at);
    value += (byte & 127) * 2 ** (7 * (at - from));
    if (byte < 128) return { value, end: at + 1 };
  }
  throw new RangeError('a number that is too long');
}
