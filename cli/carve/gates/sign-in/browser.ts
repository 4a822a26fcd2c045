/** Sends requests of one person to one application: keeps cookies, and what protects forms. */
import type { ShadowAnswer } from '../../../../migration-plans/compare/answer.ts';
import { decodeBody, parseMediaType, textOf } from '../../../../migration-plans/compare/body.ts';
import { readHeaders } from '../../../../migration-plans/compare/headers.ts';
import { exchange } from '../exchange.ts';
import { isSafe } from '../methods.ts';
import { type Cookie, cookieHeader, storeCookies } from './cookies.ts';
import type { Csrf } from './identity.ts';
import { csrfInPage } from './pages.ts';
import { csrfInJson } from './tokens.ts';

export interface BrowserAnswer {
  /** 0: there was no answer. */
  status: number;
  location: string | undefined;
  text: string;
  isHtml: boolean;
  /** Undefined: it is no JSON. */
  json: unknown;
  /** Names of cookies that it set. */
  cookies: string[];
  failure: string | undefined;
}

export interface BrowserRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  json?: unknown;
  form?: Readonly<Record<string, string>>;
}

const MOST_CHARACTERS = 2 * 1024 * 1024;

export class Browser {
  cookies: readonly Cookie[] = [];
  csrf: Csrf | undefined;
  headers: Record<string, string> = {};
  readonly #origin: string;
  readonly #signal: AbortSignal;

  constructor(origin: string, signal: AbortSignal) {
    this.#origin = origin;
    this.#signal = signal;
  }

  async send({ method, url, headers = {}, json, form }: BrowserRequest): Promise<BrowserAnswer> {
    const path = url.split('?')[0] ?? '/';
    const cookie = cookieHeader(this.cookies, path);
    const unsafe = !isSafe(method);
    const guard = unsafe ? this.csrf : undefined;
    // Clients of JSON interfaces send the header only: a strict validation refuses members that it does not know.
    const field = guard?.field === undefined ? {} : { [guard.field]: guard.value };
    const body =
      form !== undefined
        ? new URLSearchParams({ ...form, ...field }).toString()
        : json === undefined
          ? null
          : JSON.stringify(json);
    const type =
      form !== undefined
        ? 'application/x-www-form-urlencoded'
        : json === undefined
          ? undefined
          : 'application/json';
    const answer = await exchange(
      this.#origin,
      {
        // Bodies are tried one after the other, each as by another visitor.
        name: `sign-in ${body ?? ''}`,
        method,
        url,
        headers: {
          ...this.headers,
          ...(cookie === '' ? {} : { cookie }),
          ...(type === undefined ? {} : { 'content-type': type }),
          ...(guard?.header === undefined ? {} : { [guard.header]: guard.value }),
          ...headers,
        },
        body,
      },
      this.#signal,
    );
    return this.#taken(answer, path);
  }

  #taken(answer: ShadowAnswer, path: string): BrowserAnswer {
    const nothing = { location: undefined, text: '', isHtml: false, json: undefined, cookies: [] };
    if (!('status' in answer)) return { ...nothing, status: 0, failure: answer.message };
    const headers = readHeaders(answer.rawHeaders);
    const set = answer.rawHeaders.filter(
      (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'set-cookie',
    );
    this.cookies = storeCookies(this.cookies, set, path, Date.now());
    const plain = answer.body === undefined ? undefined : decodeBody(answer.body, headers, MOST_CHARACTERS);
    const type = headers.first('content-type');
    const text =
      plain === undefined || 'problem' in plain ? '' : (textOf(plain.bytes, parseMediaType(type)) ?? '');
    const isHtml = /html/i.test(type ?? '');
    const json = /json/i.test(type ?? '') ? parsed(text) : undefined;
    // A fresh one, in case that each is good once, or that it changes with the session.
    this.csrf = (isHtml ? csrfInPage(text) : csrfInJson(json)) ?? this.csrf ?? this.#csrfInCookie();
    return {
      status: answer.status,
      location: headers.first('location'),
      text,
      isHtml,
      json,
      cookies: set.map((line) => line.split('=')[0]?.trim() ?? ''),
      failure: undefined,
    };
  }

  /** As Angular and axios do it: the cookie's value goes back in a header. */
  #csrfInCookie(): Csrf | undefined {
    const cookie = this.cookies.find(({ name }) => /^x(?:src|s)rf-token$/i.test(name));
    if (cookie === undefined) return undefined;
    return { field: undefined, header: 'x-xsrf-token', value: decoded(cookie.value) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As it is where it is not encoded: anybody may set a cookie. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
