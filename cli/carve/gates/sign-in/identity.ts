/** Somebody who is signed in at the monolith, in the gate's own database. */
import type { Letter } from '../mail/letters.ts';
import { isSafe } from '../methods.ts';
import type { TrialRequest } from '../requests.ts';
import type { Cookie } from './cookies.ts';
import { cookieHeader } from './cookies.ts';

/** What protects forms against other sites: sent along with every unsafe request. */
export interface Csrf {
  /** Field of a form that carries it. */
  field: string | undefined;
  /** Header that carries it, in lower case. */
  header: string | undefined;
  value: string;
}

export interface Identity {
  /** `customer`, `admin`: what exchanges are told by. */
  name: string;
  /** Without cookies: `authorization`. */
  headers: Record<string, string>;
  cookies: readonly Cookie[];
  csrf: Csrf | undefined;
  /** Values that its routes may ask for, by the name of the field: its e-mail, its refresh token. */
  known: Readonly<Record<string, string>>;
  /** What was mailed to it. */
  letters?: readonly Letter[];
  /** What must not be stored or shown. */
  secrets: readonly string[];
  /** `POST /register, POST /login, cookie sid`. */
  how: string;
}

/** The request as an identity sends it. */
export function asIdentity(request: TrialRequest, identity: Identity): TrialRequest {
  const path = request.url.split('?')[0] ?? '/';
  const cookie = cookieHeader(identity.cookies, path);
  const { csrf } = identity;
  const guarded = csrf !== undefined && !isSafe(request.method);
  return {
    ...request,
    as: identity.name,
    headers: {
      ...identity.headers,
      ...(cookie === '' ? {} : { cookie }),
      ...(guarded && csrf.header !== undefined ? { [csrf.header]: csrf.value } : {}),
      ...request.headers,
    },
    body: guarded && csrf.field !== undefined ? withField(request, csrf.field, csrf.value) : request.body,
  };
}

function withField({ body, headers }: TrialRequest, field: string, value: string): string | null {
  const type = headers['content-type'] ?? '';
  if (body === null) return null;
  // A client of a JSON interface sends the header: a member that nobody expects may end up in the database.
  if (!type.includes('urlencoded')) return body;
  const form = new URLSearchParams(body);
  form.set(field, value);
  return form.toString();
}
