/** Whether an answer turns somebody away who is not signed in, or has too few rights. Pure. */

/** A whole word of the path: `/blog/login-tips` is a page like others. */
const LOGIN = /(?:[/_-](?:log|sign)[-_]?(?:in|on)|\/auth|\/sessions?\/new|\/authenticate)(?:$|[/.])/i;

export function isLoginAddress(location: string | undefined): boolean {
  if (location === undefined) return false;
  return LOGIN.test(location.split(/[?#]/)[0] ?? '');
}

export function turnsAway(status: number, location: string | undefined): boolean {
  if (status === 401 || status === 403 || status === 407) return true;
  return status >= 300 && status < 400 && isLoginAddress(location);
}
