// SPDX-License-Identifier: Apache-2.0
import { setFlagsFromString } from 'node:v8';

/**
 * For commands that move images from and to registries. undici's parser is WebAssembly: making it faster than one command needs is a twentieth of
 * the processor time that a pull takes in user mode. It is a setting of the whole process: a program that uses the library decides that itself.
 */
export function keepParserSimple(): void {
  setFlagsFromString('--liftoff-only');
}
