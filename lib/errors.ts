// SPDX-License-Identifier: Apache-2.0

/** What went wrong, how a shell and an HTTP client hear of it, and what the user can do next. */
interface CatalogueEntry {
  /** Exit status of the CLI. */
  exit: number;
  /** Status of the HTTP API. */
  http: number;
}

/** Every code an error of this package can carry. Codes are stable: programs may compare them. */
export const ERROR_CODES = {
  E_INVALID: { exit: 125, http: 400 },
  E_NOT_FOUND: { exit: 1, http: 404 },
  E_NO_SUCH_IMAGE: { exit: 125, http: 404 },
  E_NO_SUCH_CONTAINER: { exit: 1, http: 404 },
  E_NO_SUCH_VOLUME: { exit: 1, http: 404 },
  E_NO_SUCH_NETWORK: { exit: 125, http: 404 },
  E_AMBIGUOUS: { exit: 1, http: 400 },
  E_NAME_IN_USE: { exit: 125, http: 409 },
  E_CONFLICT: { exit: 1, http: 409 },
  E_NOT_RUNNING: { exit: 1, http: 409 },
  E_STORE_MISSING: { exit: 125, http: 500 },
  E_STORE_EXISTS: { exit: 1, http: 409 },
  E_STORE_DAMAGED: { exit: 125, http: 500 },
  E_NOT_BTRFS: { exit: 125, http: 500 },
  E_PERMISSION: { exit: 125, http: 500 },
  E_NO_SPACE: { exit: 125, http: 500 },
  E_UNSUPPORTED: { exit: 125, http: 501 },
  E_NATIVE_MISSING: { exit: 125, http: 500 },
  E_ARCHIVE: { exit: 1, http: 400 },
  E_ADDRESS_IN_USE: { exit: 125, http: 409 },
  E_NO_ADDRESS: { exit: 125, http: 500 },
  E_COMMAND_NOT_FOUND: { exit: 127, http: 400 },
  E_COMMAND_NOT_EXECUTABLE: { exit: 126, http: 400 },
  E_START_FAILED: { exit: 125, http: 500 },
  E_SUPERVISOR: { exit: 125, http: 500 },
  E_REGISTRY: { exit: 1, http: 500 },
  E_REGISTRY_UNREACHABLE: { exit: 1, http: 500 },
  E_UNAUTHORIZED: { exit: 1, http: 401 },
  E_DIGEST: { exit: 1, http: 500 },
  E_SIGNATURE: { exit: 1, http: 500 },
  E_ABORTED: { exit: 130, http: 499 },
  E_SYSTEM: { exit: 125, http: 500 },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** The system or library call that failed, e.g. `ioctl(BTRFS_IOC_SNAP_CREATE_V2)`. */
  syscall?: string;
  /** errno as a positive number. */
  errno?: number;
  path?: string;
  /** What to do next, one sentence. */
  hint?: string;
  cause?: unknown;
}

/** The one error class of this package; `code` tells the kinds apart. */
export class DockerliteError extends Error {
  readonly code: ErrorCode;
  readonly syscall?: string;
  readonly errno?: number;
  readonly path?: string;
  readonly hint?: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'DockerliteError';
    this.code = code;
    if (details.syscall !== undefined) this.syscall = details.syscall;
    if (details.errno !== undefined) this.errno = details.errno;
    if (details.path !== undefined) this.path = details.path;
    if (details.hint !== undefined) this.hint = details.hint;
  }

  /** Exit status the CLI ends with. */
  get exitStatus(): number {
    return ERROR_CODES[this.code].exit;
  }

  /** Status of the HTTP API. */
  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }
}

/** The sentence for a bad argument: one form everywhere. */
export function invalid(what: string, expected: string, actual: unknown): DockerliteError {
  return new DockerliteError('E_INVALID', `invalid ${what}: expected ${expected}, got ${show(actual)}`);
}

function show(value: unknown): string {
  const text = describe(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** String() says nothing of objects, and throws for those without a prototype. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.slice(0, 20).map(describe).join(', ')}]`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
