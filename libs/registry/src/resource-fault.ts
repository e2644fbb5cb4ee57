/** One field that is wrong, by its name in the API, and what is wrong with it. */
export interface FieldFault {
  readonly field: string;
  readonly said: string;
}

/** Why a change or a question about a resource was refused; a caller's fault, never retried. */
export type ResourceFaultKind = 'not-found' | 'already-exists' | 'invalid' | 'precondition' | 'etag' | 'busy';

/** Thrown by the stores of the registry and by the admin's operations; the admin maps it to a gRPC status. */
export class ResourceFault extends Error {
  override readonly name = 'ResourceFault';

  readonly fields: readonly FieldFault[];
  /** For programs, upper case, e.g. PAYLOAD_ERASED; null: the kind says it all. */
  readonly reason: string | null;

  constructor(
    readonly kind: ResourceFaultKind,
    message: string,
    { fields = [], reason = null }: { readonly fields?: readonly FieldFault[]; readonly reason?: string | null } = {},
  ) {
    super(message);
    this.fields = fields;
    this.reason = reason;
  }

  static invalid(fields: readonly FieldFault[]): ResourceFault {
    return new ResourceFault('invalid', fields.map(({ field, said }) => `${field}: ${said}`).join('; '), { fields });
  }
}
