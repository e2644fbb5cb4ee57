/** Why a notification or an attempt failed; upper case in every table, log and answer (`docs/states.md`). */
export type FailureReason =
  | 'HTTP_STATUS'
  | 'TIMEOUT'
  | 'CONNECT'
  | 'TLS'
  | 'DNS'
  | 'RESET'
  | 'DESTINATION_NOT_ALLOWED'
  | 'RESPONSE_TOO_LARGE'
  | 'OUTPUT_NOT_JSON'
  | 'OUTPUT_TOO_LARGE'
  | 'TEMPLATE_ERROR'
  | 'WEBHOOKS_DISABLED'
  | 'ENDPOINT_DISABLED'
  | 'ENDPOINT_DELETED'
  | 'GONE'
  | 'EXHAUSTED'
  | 'EXPIRED'
  | 'LEASE_LOST'
  | 'PAYLOAD_ERASED'
  | 'OTHER';

/** How one HTTP request ended. What an endpoint does is a value, never an exception. `unknown` (the lease ran out) is written by the sweep. */
export type AttemptOutcome =
  | { readonly kind: 'accepted' }
  /** 410: the endpoint asks to be left alone for good. */
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      /** What 429 or 503 asked for in Retry-After, in milliseconds from the answer; absent without a readable hint. */
      readonly retryAfterMs?: number;
    };

/** Where the time of a request went, in milliseconds; null: that did not happen, or did not end. */
export interface AttemptPhases {
  /** Looking the name up; null as well for an address in the URL. With the next two null on a kept-alive connection. */
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** From the first step to the begin of the answer, the three above included. */
  readonly firstByteMs: number | null;
  /** `address:port` of the receiver, as connected to. May be an internal one: who sees it is decided where it is shown. */
  readonly peerAddress: string | null;
}

/** Why the body of an answer is not whole: `size` (`RESPONSE_READ_BYTES`), the total `deadline`, or a `broken` connection. */
export type ResponseCut = 'size' | 'deadline' | 'broken';

/** What is kept of a request beside its outcome. */
export interface AttemptReport {
  readonly outcome: AttemptOutcome;
  /** The status line's code; absent when no answer began. */
  readonly httpStatus?: number;
  /** From the first step (address, connect) to the end, in milliseconds. */
  readonly durationMs: number;
  /** Absent when nothing was tried. */
  readonly phases?: AttemptPhases;
  /** The first bytes of the answer's body, at most `RESPONSE_STORE_BYTES`; secrets of the request overwritten. */
  readonly responseBody: Buffer;
  /** Bytes of the answer's body that were read, at most `RESPONSE_READ_BYTES`. */
  readonly responseBytes: number;
  /** Absent: the body is whole, or no answer began. */
  readonly responseCut?: ResponseCut;
  /** Response headers with secrets masked; absent when no answer began. */
  readonly responseHeaders?: Readonly<Record<string, string>>;
  /** A kept-alive connection was reset before any byte of the answer: the endpoint saw nothing it could answer. */
  readonly resetOnReusedConnection?: boolean;
  /** Nothing was sent: too little of the lease was left. */
  readonly leaseTooShort?: boolean;
  /** One sentence for people when the attempt was not accepted. Holds no secret and no URL query. */
  readonly errorDetail?: string;
}
