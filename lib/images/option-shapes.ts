// SPDX-License-Identifier: Apache-2.0
import { REGISTRIES } from '../registry/option-shapes';
import { FLAG, NUMBER, OBJECT, options, SIGNAL, TEXT, TEXTS, TEXTS_OF_EACH } from '../util/shape';

/** What of the options is looked at before anything is done with them, as lib/containers/option-shapes.ts. */
export const IMPORT = options({ reference: TEXT, changes: TEXTS, comment: TEXT, platform: TEXT, signal: SIGNAL });
export const BOOTSTRAP = options({ reference: TEXT, mirror: TEXT, keyring: TEXT, include: TEXTS, variant: TEXT, signal: SIGNAL, aptDirectory: TEXT, patience: OBJECT });
export const LIST = options({ filters: TEXTS_OF_EACH });
export const PULL = options({ platform: TEXT, registries: REGISTRIES, layerLimit: NUMBER, signal: SIGNAL });
export const PUSH = options({ asSnapshot: FLAG, registries: REGISTRIES, signal: SIGNAL });
export const ARCHIVE = options({ signal: SIGNAL });
export const SEND = options({ parent: TEXT, have: TEXTS, signal: SIGNAL });
export const RECEIVE = options({ limit: NUMBER, signal: SIGNAL });
export const REMOVE = options({ force: FLAG });
export const PRUNE = options({ all: FLAG, until: NUMBER, filters: TEXTS_OF_EACH, signal: SIGNAL });
