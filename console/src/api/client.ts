// SPDX-License-Identifier: Apache-2.0
// One exchange with ferryd. The session's cookie goes along by itself; what changes something also needs
// the session's CSRF value, which `startSession` hands over.
import type { Error as ErrorBody, Problem } from './schema';

export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorBody['code'];
  readonly hint: string;
  readonly details: Record<string, unknown>;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.hint = body.hint;
    this.details = body.details;
  }

  /** The server is an older one, or this part of it is not there. */
  get isAbsent(): boolean {
    return this.status === 404 || this.status === 405 || this.status === 501;
  }
}

let csrf = '';
let onSignedOut: () => void = () => {};

export function startSession(value: string, signedOut: () => void): void {
  csrf = value;
  onSignedOut = signedOut;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'error' in value;
}

async function problemOf(response: Response): Promise<ErrorBody> {
  const body: unknown = await response.json().catch(() => null);
  if (isProblem(body)) return body.error;
  return { code: 'internal', message: `ferryd answered ${response.status} ${response.statusText}`, hint: '', details: {} };
}

async function exchange<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') headers['X-Ferry-CSRF'] = csrf;
  let response: Response;
  try {
    response = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  } catch {
    throw new ApiError(0, {
      code: 'unavailable',
      message: 'ferryd cannot be reached',
      hint: 'See that it runs and that this machine can reach it; the page tries again by itself.',
      details: {},
    });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && path !== '/auth/session') onSignedOut();
    throw new ApiError(response.status, problem);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const api = {
  get: <T>(path: string) => exchange<T>('GET', path),
  post: <T>(path: string, body: unknown = {}) => exchange<T>('POST', path, body),
  remove: <T>(path: string) => exchange<T>('DELETE', path),
};

/** apiPath`workspaces/${name}`: below /api/v1, with what is put in percent-encoded. */
export function apiPath(parts: TemplateStringsArray, ...names: string[]): string {
  return `/api/v1/${parts.reduce((path, part, i) => path + encodeURIComponent(names[i - 1] ?? '') + part)}`;
}
