const traceParentPattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A `traceparent` as W3C Trace Context (level 1, version 00) allows it; undefined for any other text. */
export function validTraceParent(text: string): string | undefined {
  return traceParentPattern.test(text) ? text : undefined;
}
