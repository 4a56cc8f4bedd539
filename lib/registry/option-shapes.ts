// SPDX-License-Identifier: Apache-2.0
import { NUMBER, OBJECT, options, SIGNAL, TEXT, TEXTS, TEXTS_OF_EACH } from '../util/shape';

export const REGISTRIES = options({ dockerConfig: TEXT, mirrors: TEXTS_OF_EACH, insecure: TEXTS, certificates: TEXTS, patience: OBJECT });
export const CREDENTIALS = options({ username: TEXT, password: TEXT, identityToken: TEXT });
export const SEARCH = options({ limit: NUMBER, host: TEXT, signal: SIGNAL });
export const REFERENCE = options({ host: TEXT, path: TEXT, tag: TEXT, digest: TEXT });
export const BLOB = options({ mediaType: TEXT, digest: TEXT, size: NUMBER });
