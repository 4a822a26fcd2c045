/** Methods that ask for nothing to be changed (RFC 9110 section 9.2.1), in upper case. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
