/** The errors of the Cloud Map API model, and those that every AWS JSON endpoint answers before an operation is reached. */
export type CloudMapErrorType =
  | 'CustomHealthNotFound'
  | 'DuplicateRequest'
  | 'InstanceNotFound'
  | 'InvalidInput'
  | 'NamespaceAlreadyExists'
  | 'NamespaceNotFound'
  | 'OperationNotFound'
  | 'RequestLimitExceeded'
  | 'ResourceInUse'
  | 'ResourceLimitExceeded'
  | 'ResourceNotFoundException'
  | 'ServiceAlreadyExists'
  | 'ServiceAttributesLimitExceededException'
  | 'ServiceNotFound'
  | 'TooManyTagsException'
  | 'AccessDeniedException'
  | 'IncompleteSignatureException'
  | 'InternalFailure'
  | 'MissingAuthenticationTokenException'
  | 'RequestEntityTooLargeException'
  | 'SerializationException'
  | 'UnknownOperationException'
  | 'UnsupportedMediaTypeException';

/** Everything the API models is a 400; only what comes before or beneath it has a status of its own. */
const STATUS: Partial<Record<CloudMapErrorType, number>> = {
  AccessDeniedException: 403,
  IncompleteSignatureException: 403,
  InternalFailure: 500,
  MissingAuthenticationTokenException: 403,
  RequestEntityTooLargeException: 413,
  UnsupportedMediaTypeException: 415,
};

/** An answer of the API that is not a success. It is for the client of the API, so it is no `StranglerError`. */
export class CloudMapError extends Error {
  override readonly name = 'CloudMapError';
  readonly type: CloudMapErrorType;
  /** Further members of the error's shape, such as `DuplicateOperationId`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(type: CloudMapErrorType, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.type = type;
    this.details = details;
  }

  get status(): number {
    return STATUS[this.type] ?? 400;
  }
}

export function invalidInput(message: string): CloudMapError {
  return new CloudMapError('InvalidInput', message);
}
