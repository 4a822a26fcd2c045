import { isIP } from 'node:net';
import { CloudMapError } from './errors.ts';
import { INPUTS, type OperationName } from './inputs.ts';

/** The JSON protocol, version 1.1, of AWS: one path, the operation in a header, errors named in the body. */
export const CONTENT_TYPE = 'application/x-amz-json-1.1';
const TARGET_PREFIX = 'Route53AutoNaming_v20170314.';

/** Authorization header of Signature Version 4, or 4A for several regions. */
const SIGV4 =
  /^AWS4-(HMAC-SHA256|ECDSA-P256-SHA256) +Credential=[^/,\s]+\/\d{8}\/([^/,\s]+\/)?servicediscovery\/aws4_request, *SignedHeaders=[a-z0-9;-]+, *Signature=[0-9a-f]{64,160}$/;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The operation that a request asks for. @throws CloudMapError UnknownOperationException */
export function operationOf(headers: Headers): OperationName {
  const target = headers['x-amz-target'];
  const name =
    typeof target === 'string' && target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : '';
  if (!Object.hasOwn(INPUTS, name)) {
    throw new CloudMapError('UnknownOperationException', 'The requested operation is not known.');
  }
  return name as OperationName;
}

/**
 * Refuses a request without a signature in the form of AWS, so that an unsigned client fails here as it would on AWS. The signature
 * itself is not verified: any key will do.
 *
 * @throws CloudMapError MissingAuthenticationTokenException, IncompleteSignatureException
 */
export function checkSignatureForm(headers: Headers): void {
  const { authorization } = headers;
  if (typeof authorization !== 'string' || authorization === '') {
    throw new CloudMapError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  if (!SIGV4.test(authorization)) {
    throw new CloudMapError(
      'IncompleteSignatureException',
      'The request signature does not conform to AWS standards.',
    );
  }
}

/** @throws CloudMapError UnsupportedMediaTypeException */
export function checkContentType(headers: Headers): void {
  const type = String(headers['content-type'] ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase();
  if (type !== CONTENT_TYPE) {
    throw new CloudMapError('UnsupportedMediaTypeException', `The content type must be ${CONTENT_TYPE}.`);
  }
}

/**
 * Refuses what only a browser sends. A page that a developer looks at could otherwise reach a loopback endpoint through a host name
 * of its own that resolves to 127.0.0.1; no AWS client names an origin, and none gets here under such a host name.
 *
 * @throws CloudMapError AccessDeniedException
 */
export function checkNotBrowser(headers: Headers, host: string | undefined, loopbackOnly: boolean): void {
  const named = hostName(host);
  const local = named === 'localhost' || named.endsWith('.localhost') || isIP(named) !== 0;
  if (headers.origin !== undefined || (loopbackOnly && !local)) {
    throw new CloudMapError('AccessDeniedException', 'Requests of browsers are not accepted.');
  }
}

/** Host without port, without the `data-` that SDKs put before the host of Discover operations, and without brackets. */
function hostName(host = ''): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^data-/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

/** @throws CloudMapError SerializationException */
export function parseBody(body: string): unknown {
  // an empty body is an empty structure
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new CloudMapError('SerializationException', 'The request body is not JSON.');
  }
}

/** Timestamps of this protocol are numbers of seconds since the epoch, with milliseconds as decimals. */
export function encodeBody(output: object): string {
  return JSON.stringify(output, function (this: Record<string, unknown>, key: string, value: unknown) {
    const original = this[key];
    return original instanceof Date ? original.getTime() / 1000 : value;
  });
}

export function encodeError(error: CloudMapError): string {
  return JSON.stringify({ __type: error.type, Message: error.message, ...error.details });
}
